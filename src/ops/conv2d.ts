/** Two-dimensional convolution, NHWC × OHWI; in inference with a bias and a rectifier behind it. */
import type { Kernel } from "../gpu/kernel.ts";
import type { Engine, Tensor } from "../tensor/graph.ts";
import { reluGradient } from "./relu.ts";

export interface Conv2dOptions {
  stride?: number;
  /** Pixels of zeros added on every side; by default as many as keep the size at stride 1. */
  padding?: number;
  /** A rung of the ladder in kernels/conv2d; by default the best this adapter can run. */
  version?: ConvolutionVersion;
  /** What becomes of the sums before they are stored, with no pass of its own over them. */
  epilogue?: Epilogue;
}

export interface Epilogue {
  /** Added to every pixel, [outChannels]; it counts as a constant and has no gradient. */
  bias: Tensor;
  /** Applies max(·, 0) to the result. */
  relu: boolean;
}

/** One value per thread; a tile of values per thread; tiles, and pixels handed round the lanes of a subgroup. */
export const convolutionVersions = ["naive", "tiled", "subgroup"] as const;
export type ConvolutionVersion = typeof convolutionVersions[number];

/** The sizes all three passes share, under the names the kernels give them. */
interface Geometry {
  batch: number;
  height: number;
  width: number;
  inChannels: number;
  outHeight: number;
  outWidth: number;
  outChannels: number;
  side: number;
  stride: number;
  padding: number;
}

/** The kernel of one pass in one version. */
function kernelOf({ kernels }: Engine, pass: string, version: ConvolutionVersion): Kernel {
  return kernels.get(`conv2d/${pass}${version === "tiled" ? "" : `_${version}`}`);
}

/**
 * y[n, r, c, o] = relu?(bias?[o] + Σ x[n, r·stride + ky − padding, c·stride + kx − padding, i] · w[o, ky, kx, i]).
 *
 * @param x [batch, height, width, inChannels], channels a multiple of 4
 * @param w [outChannels, side, side, inChannels], side at most 7
 * @returns [batch, ⌊(height + 2·padding − side) / stride⌋ + 1, likewise, outChannels]
 */
export function conv2d(
  x: Tensor,
  w: Tensor,
  { stride = 1, padding, version, epilogue }: Conv2dOptions = {},
): Tensor {
  const { engine } = x.graph;
  const chosen = version ?? (engine.gpu.subgroupsOf8 ? "subgroup" : "tiled");
  const geometry = geometryOf(x.shape, w.shape, stride, padding ?? (w.shape[1] - 1) / 2);
  const { batch, outHeight, outWidth, outChannels } = geometry;
  const [y] = x.graph.add({
    operation: epilogue ? `conv2d + bias${epilogue.relu ? " + relu" : ""}` : "conv2d",
    inputs: epilogue ? [x, w, epilogue.bias] : [x, w],
    outputs: [{ shape: [batch, outHeight, outWidth, outChannels] }],
    flops: flopsOf(geometry),
    dispatches: ([y], at) => {
      const { side, stride, ...params } = geometry;
      // A binding cannot be left open: where there is no bias, weights that nothing reads stand in.
      const bias = epilogue ? at(epilogue.bias) : { ...at(w), length: outChannels };
      const call = {
        kernel: kernelOf(engine, "forward", chosen),
        bindings: { x: at(x), w: at(w), bias, y: at(y) },
        params,
      };
      const shared = { side, stride, biased: Number(!!epilogue), rectify: Number(!!epilogue?.relu) };
      if (chosen === "naive") return [{ ...call, constants: shared, threads: [y.length] }];
      const tile = chooseTile(chosen, outHeight, outWidth, outChannels, geometry);
      const threads = tileThreads(tile, outChannels, outHeight, outWidth, batch);
      return [{ ...call, constants: { ...shared, ...tile }, threads }];
    },
    backward: ([dy]) => {
      if (!dy) return [];
      const upstream = epilogue?.relu ? reluGradient(y, dy) : dy;
      return [inputGradient(upstream, w, geometry, chosen), weightGradient(x, upstream, geometry, chosen)];
    },
  });
  return y;
}

function inputGradient(dy: Tensor, w: Tensor, geometry: Geometry, version: ConvolutionVersion): Tensor {
  const { batch, height, width, inChannels } = geometry;
  const [dx] = dy.graph.add({
    operation: "conv2d input gradient",
    inputs: [dy, w],
    outputs: [{ shape: [batch, height, width, inChannels] }],
    flops: flopsOf(geometry),
    dispatches: ([dx], at) => {
      const { side, stride, padding, ...params } = geometry;
      const call = {
        kernel: kernelOf(dy.graph.engine, "input_gradient", version),
        bindings: { dy: at(dy), w: at(w), dx: at(dx) },
        params,
      };
      if (version === "naive") return [{ ...call, constants: { side, stride, padding }, threads: [dx.length] }];
      const tile = chooseTile(version, height, width, inChannels, geometry);
      const threads = tileThreads(tile, inChannels, height, width, batch);
      return [{ ...call, constants: { side, stride, padding, ...tile }, threads }];
    },
  });
  return dx;
}

function weightGradient(x: Tensor, dy: Tensor, geometry: Geometry, version: ConvolutionVersion): Tensor {
  const { inChannels, outChannels } = geometry;
  const [dw] = x.graph.add({
    operation: "conv2d weight gradient",
    inputs: [x, dy],
    outputs: [{ shape: [outChannels, geometry.side, geometry.side, inChannels] }],
    flops: flopsOf(geometry),
    dispatches: ([dw], at) => {
      const { side, stride, ...params } = geometry;
      const call = {
        kernel: kernelOf(x.graph.engine, "weight_gradient", version),
        bindings: { x: at(x), dy: at(dy), dw: at(dw) },
        params,
      };
      if (version === "naive") return [{ ...call, constants: { side, stride }, threads: [dw.length] }];
      if (version === "tiled") {
        return [{ ...call, constants: { side, stride, run: 2 }, threads: [outChannels / 4, inChannels / 4, side] }];
      }
      const run = params.outWidth >= 4 ? 4 : 2;
      const laneChannels = outChannels >= 16 ? 2 : 1;
      const threadQuads = Math.min(2, inChannels / 4);
      return [{
        ...call,
        constants: { side, stride, run, laneChannels, threadQuads },
        threads: [outChannels / laneChannels, Math.ceil(inChannels / 4 / threadQuads), side],
      }];
    },
  });
  return dw;
}

function geometryOf(x: readonly number[], w: readonly number[], stride: number, padding: number): Geometry {
  const [batch, height, width, inChannels] = x;
  const [outChannels, side, across, depth] = w;
  const problem = x.length !== 4 || w.length !== 4
    ? "both must have four dimensions"
    : depth !== inChannels
    ? "their input channels differ"
    : side !== across || side > 7
    ? "the kernel must be square, with a side of at most 7"
    : inChannels % 4 !== 0 || outChannels % 4 !== 0
    ? "channels must be a multiple of 4"
    : ![1, 2].includes(stride) || !Number.isInteger(padding) || padding < 0 || padding >= side
    ? `stride ${stride} or padding ${padding} is out of range`
    : null;
  if (problem) throw new Error(`conv2d of [${x}] with [${w}]: ${problem}`);
  const outHeight = Math.floor((height + 2 * padding - side) / stride) + 1;
  const outWidth = Math.floor((width + 2 * padding - side) / stride) + 1;
  if (outHeight < 1 || outWidth < 1) throw new Error(`conv2d of [${x}] with [${w}]: the kernel exceeds the image`);
  return { batch, height, width, inChannels, outHeight, outWidth, outChannels, side, stride, padding };
}

function flopsOf({ batch, outHeight, outWidth, outChannels, inChannels, side }: Geometry): number {
  return 2 * batch * outHeight * outWidth * outChannels * inChannels * side * side;
}

/** What one thread of the forward and the input-gradient kernel computes; 32 sums at most. */
type Tile = Record<"laneChannels" | "tileImages" | "tileRows" | "tileColumns", number>;

/**
 * Few channels: fewer per lane, so that all 8 lanes have work. Small maps: several images, so that no pixel is idle. The
 * numbers were measured on lavapipe (llvmpipe, 8 lanes).
 */
function chooseTile(
  version: "tiled" | "subgroup",
  height: number,
  width: number,
  channels: number,
  { side, stride }: Geometry,
): Tile {
  if (version === "tiled") {
    const laneChannels = channels >= 32 ? 4 : channels >= 16 ? 2 : 1;
    const pixels = laneChannels === 4 ? 8 : 16;
    const tileColumns = width >= 4 ? 4 : 2;
    const tileRows = Math.min(pixels / tileColumns, height >= 4 && laneChannels < 4 ? 4 : 2);
    return { laneChannels, tileImages: pixels / (tileRows * tileColumns), tileRows, tileColumns };
  }
  const laneChannels = channels >= 16 ? 2 : 1;
  // Lanes hand round 16 pixels of a row at most.
  const tileColumns = width >= 8 && stride === 1 && side <= 5 ? 8 : width >= 4 ? 4 : 2;
  const tileImages = tileColumns === 8 ? 1 : 2;
  return { laneChannels, tileImages, tileRows: 2, tileColumns };
}

function tileThreads(tile: Tile, channels: number, height: number, width: number, batch: number) {
  const tiles = Math.ceil(height / tile.tileRows) * Math.ceil(width / tile.tileColumns);
  return [channels / tile.laneChannels, tiles, Math.ceil(batch / tile.tileImages)] as [number, number, number];
}
