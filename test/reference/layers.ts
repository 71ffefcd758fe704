/**
 * Layers of the float64 networks: each is applied at once and keeps the way back. Parameters have torchvision's names,
 * convolution weights are OHWI, and the normaliser is part of a network: images [N, S, S, 3] are in 0–255.
 */
import type { NdArray } from "./array.ts";
import * as batchNorms from "./batch_norm.ts";
import { conv2d, conv2dInputGradient, conv2dWeightGradient } from "./conv2d.ts";
import { crossEntropy, crossEntropyGradient } from "./cross_entropy.ts";
import { dense, denseGradient } from "./dense.ts";
import { globalAveragePool, globalAveragePoolGradient } from "./global_average_pool.ts";
import { maxPool, maxPoolGradient } from "./max_pool.ts";
import { meanGradient } from "./mean.ts";
import { relu, reluGradient } from "./relu.ts";
import { standardise, standardiseGradient } from "./standardise.ts";

/** Named arrays: parameters and running statistics, or the gradients of the former. */
export type State = Map<string, NdArray>;

export interface Normaliser {
  mean: number[];
  deviation: number[];
}

/** ImageNet's, in units of 0–255. */
export const IMAGENET: Normaliser = { mean: [123.675, 116.28, 103.53], deviation: [58.395, 57.12, 57.375] };

export interface Settings {
  /** Batch statistics (training) or the running ones (inference). */
  mode: "training" | "inference";
  normaliser?: Normaliser;
}

/** A forward pass that can be run backwards. */
export interface Pass {
  logits: NdArray;
  /** In training, the updated `running_mean` and `running_var` of every batch norm; otherwise empty. */
  running: State;
  backward(dLogits: NdArray): { gradients: State; dImages: NdArray };
}

/** One layer applied: its output, and the way back, which also stores the gradients of the layer's parameters. */
export interface Layer {
  y: NdArray;
  backward(dy: NdArray, gradients: State): NdArray;
}

/** A network's forward pass, layer by layer: `apply` is given functions from the last output to the next layer. */
export function record(
  images: NdArray,
  { mode, normaliser = IMAGENET }: Settings,
  layers: (apply: (layer: (x: NdArray) => Layer) => void, pass: { mode: Settings["mode"]; running: State }) => void,
): Pass {
  const running: State = new Map();
  const tape: Layer[] = [];
  let x = images;
  const apply = (layer: (x: NdArray) => Layer) => {
    const applied = layer(x);
    tape.push(applied);
    x = applied.y;
  };
  apply((x) => ({
    y: standardise(x, normaliser.mean, normaliser.deviation),
    backward: (dy) => standardiseGradient(dy, normaliser.deviation),
  }));
  layers(apply, { mode, running });
  return {
    logits: x,
    running,
    backward: (dLogits) => {
      const gradients: State = new Map();
      const dImages = tape.reduceRight((dy, layer) => layer.backward(dy, gradients), dLogits);
      return { gradients, dImages };
    },
  };
}

export function convolution(x: NdArray, state: State, name: string, stride = 1): Layer {
  const w = entry(state, `${name}.weight`);
  const padding = (w.shape[1] - 1) / 2;
  return {
    y: conv2d(x, w, stride, padding),
    backward: (dy, gradients) => {
      gradients.set(`${name}.weight`, conv2dWeightGradient(x, dy, w.shape, stride, padding));
      return conv2dInputGradient(dy, w, x.shape, stride, padding);
    },
  };
}

export function batchNorm(x: NdArray, state: State, name: string, mode: Settings["mode"], running: State): Layer {
  const [gamma, beta] = [entry(state, `${name}.weight`), entry(state, `${name}.bias`)];
  const before = { mean: entry(state, `${name}.running_mean`), variance: entry(state, `${name}.running_var`) };
  const store = (gradients: State, { dx, dgamma, dbeta }: batchNorms.BatchNormGradient) => {
    gradients.set(`${name}.weight`, dgamma).set(`${name}.bias`, dbeta);
    return dx;
  };
  if (mode === "inference") {
    return {
      y: batchNorms.batchNormInference(x, gamma, beta, before),
      backward: (dy, gradients) => store(gradients, batchNorms.batchNormInferenceGradient(dy, x, gamma, before)),
    };
  }
  const { y, ...batch } = batchNorms.batchNorm(x, gamma, beta);
  const after = batchNorms.updateRunningStatistics(before, batch, x.data.length / gamma.data.length);
  running.set(`${name}.running_mean`, after.mean).set(`${name}.running_var`, after.variance);
  return { y, backward: (dy, gradients) => store(gradients, batchNorms.batchNormGradient(dy, x, gamma)) };
}

export const rectifier = (x: NdArray): Layer => ({ y: relu(x), backward: (dy) => reluGradient(dy, x) });

export const pool = (x: NdArray, side = 2, padding = 0): Layer => ({
  y: maxPool(x, side, padding),
  backward: (dy) => maxPoolGradient(dy, x, side, padding),
});

export const average = (x: NdArray): Layer => ({
  y: globalAveragePool(x),
  backward: (dy) => globalAveragePoolGradient(dy, x.shape),
});

export function classifier(x: NdArray, state: State, name: string): Layer {
  const [w, b] = [entry(state, `${name}.weight`), entry(state, `${name}.bias`)];
  return {
    y: dense(x, w, b),
    backward: (dy, gradients) => {
      const { dx, dw, db } = denseGradient(dy, x, w);
      gradients.set(`${name}.weight`, dw).set(`${name}.bias`, db);
      return dx;
    },
  };
}

function entry(state: State, name: string): NdArray {
  const array = state.get(name);
  if (!array) throw new RangeError(`the state has no ${name}`);
  return array;
}

/**
 * Cross-entropy of each image [N], and the gradients of their mean. `dImages` is the gradient of the mean too: N times
 * smaller than each image's own loss gradient (in inference mode, where images do not see each other).
 */
export function runBackward(
  { logits, running, backward }: Pass,
  labels: ArrayLike<number>,
): { losses: NdArray; logits: NdArray; running: State; gradients: State; dImages: NdArray } {
  const losses = crossEntropy(logits, labels);
  const { gradients, dImages } = backward(crossEntropyGradient(meanGradient(1, losses.shape), logits, labels));
  return { losses, logits, running, gradients, dImages };
}
