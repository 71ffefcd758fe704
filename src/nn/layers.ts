/** Layers: each names its parameters as torchvision does and adds its nodes to the graph. */
import { add } from "../ops/add.ts";
import { batchNorm, batchStatistics, foldBatchNorm } from "../ops/batch_norm.ts";
import { conv2d } from "../ops/conv2d.ts";
import { dense } from "../ops/dense.ts";
import { globalAveragePool } from "../ops/global_average_pool.ts";
import { maxPool, type MaxPoolOptions } from "../ops/max_pool.ts";
import type { Random } from "../random.ts";
import type { Tensor } from "../tensor/graph.ts";

/** A tensor a network keeps between runs. */
export interface ParameterSpec {
  /** torchvision's name. */
  name: string;
  /** Our layout: OHWI for convolutions, [classes, channels] for dense layers; channels a multiple of 4. */
  shape: readonly number[];
  /** Of the last dimension, how many entries are real and not padding. */
  depth: number;
  /** Weights are trained; statistics are running averages. */
  kind: "weight" | "statistic";
  /** Draws the real entries' starting values, in order. */
  initial: (random: Random) => number;
}

export interface Pass {
  /** In training each batch is normalised by its own statistics, in inference by the running ones. */
  mode: "training" | "inference";
  /** Whether a training pass moves the running statistics. */
  updateStatistics: boolean;
  parameter(name: string): Tensor;
}

export interface Layer {
  parameters: readonly ParameterSpec[];
  apply(x: Tensor, pass: Pass): Tensor;
}

/** Layers one after the other. */
export function sequential(layers: readonly Layer[]): Layer {
  return {
    parameters: layers.flatMap((layer) => layer.parameters),
    apply: (x, pass) => layers.reduce((value, layer) => layer.apply(value, pass), x),
  };
}

/** A layer that can add a tensor to its result before the rectifier. */
export interface Convolution extends Layer {
  apply(x: Tensor, pass: Pass, shortcut?: Tensor): Tensor;
}

/**
 * max(body(x) + shortcut(x), 0) (He et al., CVPR 2016, eq. 2); without a shortcut of its own, x itself.
 *
 * @param body its last convolution adds the shortcut, and its rectifier is the block's
 */
export function residual(body: readonly Convolution[], shortcut?: Layer): Layer {
  const before = sequential(body.slice(0, -1));
  const last = body[body.length - 1];
  return {
    parameters: [...before.parameters, ...last.parameters, ...shortcut?.parameters ?? []],
    apply: (x, pass) => last.apply(before.apply(x, pass), pass, shortcut ? shortcut.apply(x, pass) : x),
  };
}

/**
 * A square convolution without bias, batch norm, and the rectifier where wanted; in inference one convolution that does
 * the work of all three; a shortcut is a pass of its own there. The weights are drawn from N(0, 2 / (side² · outChannels)).
 * Source of the initialiser: He et al., ICCV 2015, in the fan-out form torchvision uses.
 *
 * @param name torchvision's of the convolution @param norm torchvision's of the batch norm
 */
export function convolution(
  name: string,
  norm: string,
  { inChannels, outChannels, side, stride, relu = false }: {
    inChannels: number;
    outChannels: number;
    side: number;
    stride?: number;
    relu?: boolean;
  },
): Convolution {
  const deviation = Math.sqrt(2 / (side * side * outChannels));
  const ofNorm = (part: string, kind: ParameterSpec["kind"], value: number): ParameterSpec => ({
    name: `${norm}.${part}`,
    shape: [outChannels],
    depth: outChannels,
    kind,
    initial: () => value,
  });
  return {
    parameters: [
      {
        name: `${name}.weight`,
        shape: [outChannels, side, side, padded(inChannels)],
        depth: inChannels,
        kind: "weight",
        initial: (random) => deviation * random.normal(),
      },
      ofNorm("weight", "weight", 1),
      ofNorm("bias", "weight", 0),
      ofNorm("running_mean", "statistic", 0),
      ofNorm("running_var", "statistic", 1),
    ],
    apply: (x, { mode, updateStatistics, parameter }, shortcut) => {
      const w = parameter(`${name}.weight`);
      const [gamma, beta] = [parameter(`${norm}.weight`), parameter(`${norm}.bias`)];
      const running = { mean: parameter(`${norm}.running_mean`), variance: parameter(`${norm}.running_var`) };
      if (mode === "inference") {
        const folded = foldBatchNorm(w, gamma, beta, running);
        const y = conv2d(x, folded.w, { stride, epilogue: { bias: folded.bias, relu: relu && !shortcut } });
        return shortcut ? add(y, shortcut, { relu }) : y;
      }
      const y = conv2d(x, w, { stride });
      const statistics = batchStatistics(y, updateStatistics ? running : undefined);
      return batchNorm(y, gamma, beta, statistics, { shortcut, relu });
    },
  };
}

/** Max pooling, 2 × 2 unless told otherwise. */
export function pooling(options?: MaxPoolOptions): Layer {
  return { parameters: [], apply: (x) => maxPool(x, options) };
}

/** Global average pooling. */
export const averaging: Layer = { parameters: [], apply: (x) => globalAveragePool(x) };

/** The dense layer that ends a network; its weights start at N(0, 0.01), as in torchvision's VGG; biases at 0. */
export function classifier(name: string, channels: number, classes: number): Layer {
  return {
    parameters: [
      {
        name: `${name}.weight`,
        shape: [classes, channels],
        depth: channels,
        kind: "weight",
        initial: (random) => 0.01 * random.normal(),
      },
      { name: `${name}.bias`, shape: [classes], depth: classes, kind: "weight", initial: () => 0 },
    ],
    apply: (x, pass) => dense(x, pass.parameter(`${name}.weight`), pass.parameter(`${name}.bias`)),
  };
}

/** Channels of a network made wider or narrower, rounded to a multiple of 4. */
export function widened(channels: number, width: number): number {
  return Math.max(4, Math.round(channels * width / 4) * 4);
}

/** Channels as they are kept: the next multiple of 4. */
export function padded(channels: number): number {
  return Math.ceil(channels / 4) * 4;
}
