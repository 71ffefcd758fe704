/** Batch normalisation, with shortcut and rectifier behind it fused in where wanted; in inference, folded into a convolution. */
import type { Dispatch } from "../gpu/kernel.ts";
import type { Tensor } from "../tensor/graph.ts";

export interface BatchNormOptions {
  /** Added to the result, before the rectifier; of the shape of `x`. */
  shortcut?: Tensor;
  /** Applies max(·, 0) to the result. */
  relu?: boolean;
}

/** Mean and biased variance per channel, [channels] each. */
export interface Statistics {
  mean: Tensor;
  variance: Tensor;
}

/**
 * A thread sums one chunk of four channels, and a second pass adds the chunks up. More of them than these add nothing to
 * parallelism and lengthen that pass: a GPU hides what a load costs behind tens of thousands of threads, and the first
 * layers have few channels; a processor has a handful of cores.
 */
const maxChunks = { gpu: 2048, software: 256 };
/** Pixels one thread of the normalising kernels walks over. */
const pixelsPerThread = 16;

/**
 * Statistics of the batch over all but the last dimension of `x`; channels a multiple of 4.
 *
 * @param running moved towards them where given: running ← 0.9 · running + 0.1 · batch, with the unbiased variance, as in
 * PyTorch
 */
export function batchStatistics(x: Tensor, running?: Statistics): Statistics {
  const { kernels } = x.graph.engine;
  const params = chunking(x);
  const perChannel = { shape: [params.channels] };
  const [, mean, variance] = x.graph.add({
    operation: running ? "batch norm statistics + running" : "batch norm statistics",
    inputs: [x],
    // A binding cannot be left open: where no statistics run, two tensors that nothing touches stand in.
    outputs: [
      { shape: [params.chunks, 2, params.channels] },
      perChannel,
      perChannel,
      ...running ? [] : [perChannel, perChannel],
    ],
    changes: running && [running.mean, running.variance],
    flops: 4 * x.length,
    dispatches: ([partial, mean, variance, ...standIns], at): Dispatch[] => {
      const [runningMean, runningVariance] = running ? [running.mean, running.variance] : standIns;
      return [
        {
          kernel: kernels.get("batch_norm/partial_statistics", x.dtype),
          bindings: { x: at(x), partial: at(partial) },
          params,
          threads: [params.chunks * params.channels / 4],
        },
        {
          kernel: kernels.get("batch_norm/statistics"),
          bindings: {
            partial: at(partial),
            mean: at(mean),
            variance: at(variance),
            runningMean: at(runningMean),
            runningVariance: at(runningVariance),
          },
          params,
          constants: { running: Number(!!running) },
          threads: [params.channels / 4 * 64],
        },
      ];
    },
  });
  return { mean, variance };
}

/**
 * relu?(γ · (x − mean) / √(variance + 1e-5) + β + shortcut?).
 *
 * @param x [..., channels], channels a multiple of 4
 * @param statistics those of `x` itself: the gradient flows through them
 */
export function batchNorm(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  { mean, variance }: Statistics,
  { shortcut, relu = false }: BatchNormOptions = {},
): Tensor {
  const { kernels } = x.graph.engine;
  const params = striding(x);
  const [y] = x.graph.add({
    operation: `batch norm${shortcut ? " + shortcut" : ""}${relu ? " + relu" : ""}`,
    inputs: [x, gamma, beta, ...shortcut ? [shortcut] : [], mean, variance],
    outputs: [{ shape: x.shape, dtype: x.dtype }],
    flops: 5 * x.length,
    dispatches: ([y], at) => [{
      kernel: kernels.get("batch_norm/normalise", x.dtype),
      bindings: {
        x: at(x),
        gamma: at(gamma),
        beta: at(beta),
        mean: at(mean),
        variance: at(variance),
        // A binding cannot be left open: where there is no shortcut, part of x stands in and is not read as one.
        shortcut: shortcut ? at(shortcut) : { ...at(x), length: params.channels },
        y: at(y),
      },
      params: { ...params, shortcutPixels: shortcut ? params.pixels : 1 },
      constants: { residual: Number(!!shortcut), rectify: Number(relu) },
      threads: [params.strides * params.channels / 4],
    }],
    backward: ([dy]) => {
      if (!dy) return [];
      const operands = { x, dy, gamma, beta, mean, variance };
      if (!shortcut || !relu) {
        const [dgamma, dbeta] = parameterGradients(operands, relu);
        return [inputGradient(operands, dgamma, dbeta, relu), dgamma, dbeta, ...shortcut ? [dy] : []];
      }
      const [dgamma, dbeta, , masked] = parameterGradients(operands, relu, y);
      return [inputGradient({ ...operands, dy: masked }, dgamma, dbeta, false), dgamma, dbeta, masked];
    },
  });
  return y;
}

type Operands = Record<"x" | "dy" | "gamma" | "beta" | "mean" | "variance", Tensor>;

/**
 * [dγ, dβ, their parts]. Where the rectifier let y through is found again from x, or, where a shortcut came in between,
 * from `y` itself: then what it lets through of dy is the last result.
 */
function parameterGradients(operands: Operands, relu: boolean, y?: Tensor): Tensor[] {
  const { x, dy, gamma, beta, mean, variance } = operands;
  const { kernels } = x.graph.engine;
  const params = chunking(x);
  const { channels, chunks } = params;
  return x.graph.add({
    operation: "batch norm parameter gradients",
    inputs: [x, dy, gamma, beta, mean, variance, ...y ? [y] : []],
    outputs: [
      { shape: [channels] },
      { shape: [channels] },
      { shape: [chunks, 2, channels] },
      ...y ? [{ shape: x.shape, dtype: x.dtype }] : [],
    ],
    flops: 7 * x.length,
    dispatches: ([dgamma, dbeta, partial, masked], at): Dispatch[] => {
      const bindings = { x: at(x), dy: at(dy), mean: at(mean), variance: at(variance), partial: at(partial) };
      const first = y
        ? {
          kernel: kernels.get("batch_norm/masked_gradient_sums", x.dtype),
          bindings: { ...bindings, y: at(y), masked: at(masked) },
        }
        : {
          kernel: kernels.get("batch_norm/partial_gradient_sums", x.dtype),
          bindings: { ...bindings, gamma: at(gamma), beta: at(beta) },
          constants: { rectify: Number(relu) },
        };
      return [
        { ...first, params, threads: [chunks * channels / 4] },
        {
          kernel: kernels.get("batch_norm/gradient_sums"),
          bindings: { partial: at(partial), dgamma: at(dgamma), dbeta: at(dbeta) },
          params: { channels, chunks },
          threads: [channels / 4 * 64],
        },
      ];
    },
  });
}

function inputGradient(
  { x, dy, gamma, beta, mean, variance }: Operands,
  dgamma: Tensor,
  dbeta: Tensor,
  relu: boolean,
): Tensor {
  const params = striding(x);
  const [dx] = x.graph.add({
    operation: "batch norm input gradient",
    inputs: [x, dy, gamma, beta, mean, variance, dgamma, dbeta],
    outputs: [{ shape: x.shape, dtype: x.dtype }],
    flops: 9 * x.length,
    dispatches: ([dx], at) => [{
      kernel: x.graph.engine.kernels.get("batch_norm/input_gradient", x.dtype),
      bindings: {
        x: at(x),
        dy: at(dy),
        gamma: at(gamma),
        beta: at(beta),
        mean: at(mean),
        variance: at(variance),
        dgamma: at(dgamma),
        dbeta: at(dbeta),
        dx: at(dx),
      },
      params,
      constants: { rectify: Number(relu) },
      threads: [params.strides * params.channels / 4],
    }],
  });
  return dx;
}

/**
 * The convolution that does a batch norm's work in inference: w' = w · γ / √(variance + 1e-5) per output channel and
 * bias = β − mean · γ / √(variance + 1e-5). All of them are constants: no gradient flows through.
 *
 * @param w [outChannels, side, side, inChannels]
 * @returns the new weights, of the same shape, and the bias, [outChannels]
 */
export function foldBatchNorm(
  w: Tensor,
  gamma: Tensor,
  beta: Tensor,
  { mean, variance }: Statistics,
): { w: Tensor; bias: Tensor } {
  const outChannels = w.shape[0];
  const [folded, bias] = w.graph.add({
    operation: "fold batch norm",
    inputs: [w, gamma, beta, mean, variance],
    outputs: [{ shape: w.shape }, { shape: [outChannels] }],
    flops: w.length,
    dispatches: ([folded, bias], at) => [{
      kernel: w.graph.engine.kernels.get("batch_norm/fold"),
      bindings: {
        w: at(w),
        gamma: at(gamma),
        beta: at(beta),
        mean: at(mean),
        variance: at(variance),
        folded: at(folded),
        bias: at(bias),
      },
      params: { outChannels, filterSize: w.length / outChannels },
      threads: [w.length / 4],
    }],
  });
  return { w: folded, bias };
}

function chunking(x: Tensor) {
  const channels = x.shape[x.shape.length - 1];
  if (channels % 4 !== 0) throw new Error(`batch norm of [${x.shape}]: channels must be a multiple of 4`);
  const pixels = x.length / channels;
  const most = maxChunks[x.graph.engine.gpu.software ? "software" : "gpu"];
  const chunkPixels = Math.max(16, Math.ceil(pixels / most));
  return { pixels, channels, chunks: Math.ceil(pixels / chunkPixels), chunkPixels };
}

function striding(x: Tensor) {
  const channels = x.shape[x.shape.length - 1];
  const pixels = x.length / channels;
  return { pixels, channels, strides: Math.ceil(pixels / pixelsPerThread) };
}
