/** Two-dimensional convolution, NHWC × OHWI; in inference with a bias and a rectifier behind it. */
import { UserError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import type { DType } from "../gpu/dtype.ts";
import type { Dispatch, Kernel } from "../gpu/kernel.ts";
import type { Tensor, Tunable } from "../tensor/graph.ts";
import { backwards, flopsOf, type Geometry, geometryOf } from "./convolution/geometry.ts";
import { forwardSplits, sumSplits, weightGradientSplits } from "./convolution/splits.ts";
import {
  forwardThreads,
  forwardTiles,
  inputGradientThreads,
  inputGradientTiles,
  weightGradientThreads,
  weightGradientTiles,
} from "./convolution/tiles.ts";
import { reluGradient } from "./relu.ts";

export interface Conv2dOptions {
  stride?: number;
  /** Pixels of zeros added on every side; by default as many as keep the size at stride 1. */
  padding?: number;
  /** A rung of the ladder in kernels/conv2d; by default the best for this adapter. */
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

/**
 * One value per thread; a tile of values per thread; tiles, and pixels handed round the lanes of a subgroup; tiles of a
 * workgroup, in memory it shares; likewise, in matrices that a subgroup multiplies as one, for activations in f16.
 */
export const convolutionVersions = ["naive", "tiled", "subgroup", "workgroup", "matrix"] as const;
export type ConvolutionVersion = typeof convolutionVersions[number];

/** Whether an adapter has what a version needs, for activations of one type. */
export function runsOn(gpu: Gpu, version: ConvolutionVersion, dtype: DType): boolean {
  if (version === "matrix") return dtype === "f16" && gpu.matrices !== null;
  return version !== "subgroup" || gpu.subgroupsOf8;
}

/** On a processor's cores memory of a workgroup buys nothing; on a GPU it is what saves loads. */
function bestVersion({ graph: { engine: { gpu } }, dtype }: Tensor): ConvolutionVersion {
  const candidates = gpu.software ? ["subgroup", "tiled"] as const : ["matrix", "workgroup"] as const;
  return candidates.find((version) => runsOn(gpu, version, dtype))!;
}

/** The kernel of one pass in one version, for activations stored as x is. @throws UserError where the adapter has none */
function kernelOf({ graph, dtype }: Tensor, pass: string, version: ConvolutionVersion): Kernel {
  const { gpu } = graph.engine;
  if (!runsOn(gpu, version, dtype)) throw new UserError(`${gpu.name} has no ${version} convolution of ${dtype}.`);
  return graph.engine.kernels.get(`conv2d/${pass}${version === "tiled" ? "" : `_${version}`}`, dtype);
}

/** What the best tile of a pass depends on, for people to read as well. */
function tunable(kernel: Kernel, geometry: Geometry, tiles: Tunable["tiles"], spacing = 1): Tunable {
  const { batch, height, width, inChannels, outChannels, side, stride, padding } = geometry;
  const shapes = `${batch}×${height}×${width}×${inChannels} → ${outChannels}`;
  const apart = spacing > 1 ? `, spacing ${spacing}` : "";
  return { key: `${kernel.label} ${shapes}, ${side}×${side}, stride ${stride}, padding ${padding}${apart}`, tiles };
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
  { stride = 1, padding, version = bestVersion(x), epilogue }: Conv2dOptions = {},
): Tensor {
  const geometry = geometryOf(x.shape, w.shape, stride, padding ?? (w.shape[1] - 1) / 2);
  const y = forward(x, w, geometry, version, {
    operation: epilogue ? `conv2d + bias${epilogue.relu ? " + relu" : ""}` : "conv2d",
    epilogue,
    backward: ([dy]) => {
      if (!dy) return [];
      const upstream = epilogue?.relu ? reluGradient(y, dy) : dy;
      return [inputGradient(upstream, w, geometry, version), weightGradient(x, upstream, geometry, version)];
    },
  });
  return y;
}

interface ForwardOptions {
  operation: string;
  /** Of the pixels of x. */
  spacing?: number;
  epilogue?: Epilogue;
  backward?: (upstream: readonly (Tensor | undefined)[]) => (Tensor | undefined)[];
}

function forward(
  x: Tensor,
  w: Tensor,
  geometry: Geometry,
  version: ConvolutionVersion,
  { operation, spacing = 1, epilogue, backward }: ForwardOptions,
): Tensor {
  const { batch, outHeight, outWidth, outChannels, side, stride, padding, ...rest } = geometry;
  const { engine } = x.graph;
  const kernel = kernelOf(x, "forward", version);
  const splits = ofProduct(version) ? forwardSplits(geometry) : 1;
  const shape = [batch, outHeight, outWidth, outChannels];
  const ending = { biased: Number(!!epilogue), rectify: Number(!!epilogue?.relu) };
  const [y] = x.graph.add({
    operation,
    inputs: epilogue ? [x, w, epilogue.bias] : [x, w],
    // A binding cannot be left open: where nothing is split, a tensor that nothing touches stands in.
    outputs: [
      { shape, dtype: x.dtype },
      ...ofProduct(version) ? [{ shape: splits > 1 ? [splits, ...shape] : [4] }] : [],
    ],
    flops: flopsOf(geometry, spacing),
    tunable: version === "naive"
      ? undefined
      : tunable(kernel, geometry, forwardTiles(engine.gpu, version, geometry, spacing), spacing),
    dispatches: ([y, partial], at, tile) => {
      // Likewise, where there is no bias, weights that nothing reads.
      const bias = epilogue ? at(epilogue.bias) : { ...at(w), length: outChannels };
      const sums: Dispatch = {
        kernel,
        bindings: { x: at(x), w: at(w), bias, y: at(y), ...partial && { partial: at(partial) } },
        params: { batch, outHeight, outWidth, outChannels, ...rest, ...partial && { partialLength: partial.length } },
        constants: {
          ...{ side, stride, padding, ...ending, ...tile },
          ...kernel.overrides.includes("spacing") && { spacing },
          ...partial && { splits },
        },
        threads: tile ? forwardThreads(tile, geometry, splits) : [y.length],
      };
      return splits === 1 ? [sums] : [sums, sumSplits(engine, { splits, partial, bias, y }, at, ending)];
    },
    backward,
  });
  return y;
}

/** The versions whose sums over K or over pixels are cut into splits, a workgroup each. */
const ofProduct = (version: ConvolutionVersion) => version === "workgroup" || version === "matrix";

/** By the forward kernel and turned filters; at stride 2, `naive` and `tiled` have a kernel of their own. */
function inputGradient(dy: Tensor, w: Tensor, geometry: Geometry, version: ConvolutionVersion): Tensor {
  const { side, stride, padding, ...params } = geometry;
  const gathers = version === "naive" || version === "tiled" && stride > 1;
  if (!gathers) {
    const operation = "conv2d input gradient";
    return forward(dy, turned(w), backwards(geometry), version, { operation, spacing: stride });
  }
  const { batch, height, width, inChannels } = params;
  const kernel = kernelOf(dy, "input_gradient", version);
  const [dx] = dy.graph.add({
    operation: "conv2d input gradient",
    inputs: [dy, w],
    outputs: [{ shape: [batch, height, width, inChannels], dtype: dy.dtype }],
    flops: flopsOf(geometry),
    tunable: version === "naive" ? undefined : tunable(kernel, geometry, inputGradientTiles(geometry)),
    dispatches: ([dx], at, tile) => [{
      kernel,
      bindings: { dy: at(dy), w: at(w), dx: at(dx) },
      params,
      constants: { side, stride, padding, ...tile },
      threads: tile ? inputGradientThreads(tile, geometry) : [dx.length],
    }],
  });
  return dx;
}

/** Turned once for all passes of a graph, as long as none of its nodes changes the weights. */
const turnedBefore = new WeakMap<Tensor, Tensor>();

/** w with its two kinds of channels exchanged and each filter turned by 180°. */
function turned(w: Tensor): Tensor {
  const known = turnedBefore.get(w);
  if (known && !w.graph.nodes.some(({ changes }) => changes.includes(w))) return known;
  const [outChannels, side, , inChannels] = w.shape;
  const [turned] = w.graph.add({
    operation: "turn weights",
    inputs: [w],
    outputs: [{ shape: [inChannels, side, side, outChannels] }],
    dispatches: ([turned], at) => [{
      kernel: w.graph.engine.kernels.get("conv2d/turn_weights"),
      bindings: { w: at(w), turned: at(turned) },
      params: { outChannels, inChannels },
      constants: { side },
      threads: [outChannels / 4, inChannels / 4, side * side],
    }],
  });
  turnedBefore.set(w, turned);
  return turned;
}

function weightGradient(x: Tensor, dy: Tensor, geometry: Geometry, version: ConvolutionVersion): Tensor {
  const { inChannels, outChannels, side, stride, padding, ...sizes } = geometry;
  const { engine } = x.graph;
  const kernel = kernelOf(x, "weight_gradient", version);
  const params = { inChannels, outChannels, ...sizes };
  const shape = [outChannels, side, side, inChannels];
  const cut = ofProduct(version) ? weightGradientSplits(geometry) : null;
  const [dw] = x.graph.add({
    operation: "conv2d weight gradient",
    inputs: [x, dy],
    outputs: [{ shape }, ...cut && cut.splits > 1 ? [{ shape: [cut.splits, ...shape] }] : []],
    flops: flopsOf(geometry),
    tunable: version === "naive"
      ? undefined
      : tunable(kernel, geometry, weightGradientTiles(engine.gpu, version, geometry)),
    dispatches: ([dw, partial], at, tile): Dispatch[] => {
      const constants = { side, stride, padding, ...tile };
      const inputs = { x: at(x), dy: at(dy) };
      if (!tile) return [{ kernel, bindings: { ...inputs, dw: at(dw) }, params, constants, threads: [dw.length] }];
      const threads = weightGradientThreads(tile, geometry, cut?.splits ?? 1);
      if (!cut) return [{ kernel, bindings: { ...inputs, dw: at(dw) }, params, constants, threads }];
      const sums = { kernel, params: { ...params, ...cut }, constants, threads };
      if (!partial) return [{ ...sums, bindings: { ...inputs, partial: at(dw) } }];
      const bias = { ...at(partial), length: 4 };
      return [
        { ...sums, bindings: { ...inputs, partial: at(partial) } },
        sumSplits(engine, { splits: cut.splits, partial, bias, y: dw }, at, { biased: 0, rectify: 0 }),
      ];
    },
  });
  return dw;
}
