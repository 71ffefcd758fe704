/** Two-dimensional convolution without bias, NHWC × OHWI. */
import type { Tensor } from "../tensor/graph.ts";

export interface Conv2dOptions {
  stride?: number;
  /** Pixels of zeros added on every side; by default as many as keep the size at stride 1. */
  padding?: number;
}

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

/**
 * y[n, r, c, o] = Σ x[n, r·stride + ky − padding, c·stride + kx − padding, i] · w[o, ky, kx, i].
 *
 * @param x [batch, height, width, inChannels], channels a multiple of 4
 * @param w [outChannels, side, side, inChannels], side at most 7
 * @returns [batch, ⌊(height + 2·padding − side) / stride⌋ + 1, likewise, outChannels]
 */
export function conv2d(x: Tensor, w: Tensor, { stride = 1, padding }: Conv2dOptions = {}): Tensor {
  const geometry = geometryOf(x.shape, w.shape, stride, padding ?? (w.shape[1] - 1) / 2);
  const { batch, outHeight, outWidth, outChannels } = geometry;
  const [y] = x.graph.add({
    operation: "conv2d",
    inputs: [x, w],
    outputs: [{ shape: [batch, outHeight, outWidth, outChannels] }],
    flops: flopsOf(geometry),
    dispatches: ([y], at) => {
      const { side, stride, ...params } = geometry;
      const { subgroupsOf8 } = x.graph.engine.gpu;
      const tile = chooseTile(subgroupsOf8, outHeight, outWidth, outChannels, geometry);
      return [{
        kernel: x.graph.engine.kernels.get(subgroupsOf8 ? "conv2d/forward_subgroup" : "conv2d/forward"),
        bindings: { x: at(x), w: at(w), y: at(y) },
        params,
        constants: { side, stride, ...tile },
        threads: tileThreads(tile, outChannels, outHeight, outWidth, batch),
      }];
    },
    backward: ([dy]) => dy ? [inputGradient(dy, w, geometry), weightGradient(x, dy, geometry)] : [],
  });
  return y;
}

function inputGradient(dy: Tensor, w: Tensor, geometry: Geometry): Tensor {
  const { batch, height, width, inChannels } = geometry;
  const [dx] = dy.graph.add({
    operation: "conv2d input gradient",
    inputs: [dy, w],
    outputs: [{ shape: [batch, height, width, inChannels] }],
    flops: flopsOf(geometry),
    dispatches: ([dx], at) => {
      const { side, stride, padding, ...params } = geometry;
      const { subgroupsOf8 } = dy.graph.engine.gpu;
      const tile = chooseTile(subgroupsOf8, height, width, inChannels, geometry);
      return [{
        kernel: dy.graph.engine.kernels.get(subgroupsOf8 ? "conv2d/input_gradient_subgroup" : "conv2d/input_gradient"),
        bindings: { dy: at(dy), w: at(w), dx: at(dx) },
        params,
        constants: { side, stride, padding, ...tile },
        threads: tileThreads(tile, inChannels, height, width, batch),
      }];
    },
  });
  return dx;
}

function weightGradient(x: Tensor, dy: Tensor, geometry: Geometry): Tensor {
  const { inChannels, outChannels } = geometry;
  const [dw] = x.graph.add({
    operation: "conv2d weight gradient",
    inputs: [x, dy],
    outputs: [{ shape: [outChannels, geometry.side, geometry.side, inChannels] }],
    flops: flopsOf(geometry),
    dispatches: ([dw], at) => {
      const { side, stride, ...params } = geometry;
      const bindings = { x: at(x), dy: at(dy), dw: at(dw) };
      const { gpu: { subgroupsOf8 }, kernels } = x.graph.engine;
      const run = params.outWidth >= 4 ? 4 : 2;
      if (!subgroupsOf8) {
        const kernel = kernels.get("conv2d/weight_gradient");
        const threads: [number, number, number] = [outChannels / 4, inChannels / 4, side];
        return [{ kernel, bindings, params, constants: { side, stride, run: 2 }, threads }];
      }
      const laneChannels = outChannels >= 16 ? 2 : 1;
      const threadQuads = Math.min(2, inChannels / 4);
      return [{
        kernel: kernels.get("conv2d/weight_gradient_subgroup"),
        bindings,
        params,
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
function chooseTile(subgroups: boolean, height: number, width: number, channels: number, geometry: Geometry): Tile {
  const { side, stride } = geometry;
  if (!subgroups) {
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
