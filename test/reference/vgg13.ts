/**
 * VGG13 with batch normalisation, whole and in float64: configuration B of Simonyan and Zisserman 2015 (five stages of
 * two 3×3 convolutions without bias, each followed by batch norm and ReLU, and a 2×2 max pool), then a global average
 * pool and one dense layer. The normaliser is part of the network: images [N, S, S, 3] are in 0–255, S ≥ 32.
 * Parameters have the names of torchvision's vgg13_bn (`features.N.weight`, ...) and `classifier.weight/.bias`;
 * convolution weights are OHWI.
 */
import type { Random } from "../../src/random.ts";
import { map, type NdArray, randomNormal } from "./array.ts";
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

/** Shapes of everything in the state, in torchvision's order. */
export function vgg13Shapes(width: number, classes: number): Map<string, number[]> {
  const shapes = new Map<string, number[]>();
  let inputs = 3;
  for (const [stage, channels] of [64, 128, 256, 512, 512].entries()) {
    const outputs = Math.round(channels * width);
    for (const index of convolutionIndices(stage)) {
      shapes.set(`features.${index}.weight`, [outputs, 3, 3, inputs]);
      for (const name of ["weight", "bias", "running_mean", "running_var"]) {
        shapes.set(`features.${index + 1}.${name}`, [outputs]);
      }
      inputs = outputs;
    }
  }
  return shapes.set("classifier.weight", [classes, inputs]).set("classifier.bias", [classes]);
}

/** A state for tests: He-scaled weights, and everything else random too, so that no term hides behind a 0 or 1. */
export function randomVgg13(width: number, classes: number, random: Random): State {
  const state: State = new Map();
  for (const [name, shape] of vgg13Shapes(width, classes)) {
    const noise = randomNormal(shape, random);
    const fanIn = shape.slice(1).reduce((product, side) => product * side, 1);
    const isScale = name.endsWith("running_var") || (name.endsWith("weight") && shape.length === 1);
    state.set(
      name,
      map(noise, (z) => isScale ? Math.exp(0.2 * z) : shape.length > 1 ? z * Math.sqrt(2 / fanIn) : z / 5),
    );
  }
  return state;
}

/** In torchvision's numbering a stage is seven layers: (convolution, batch norm, ReLU) twice and a pool. */
const convolutionIndices = (stage: number): number[] => [7 * stage, 7 * stage + 3];

/** One layer applied: its output, and the way back, which also stores the gradients of the layer's parameters. */
interface Layer {
  y: NdArray;
  backward(dy: NdArray, gradients: State): NdArray;
}

export function vgg13(state: State, images: NdArray, { mode, normaliser = IMAGENET }: Settings): Pass {
  const running: State = new Map();
  const tape: Layer[] = [];
  let x = images;
  const apply = (layer: Layer) => {
    tape.push(layer);
    x = layer.y;
  };
  apply({
    y: standardise(x, normaliser.mean, normaliser.deviation),
    backward: (dy) => standardiseGradient(dy, normaliser.deviation),
  });
  for (let stage = 0; stage < 5; stage++) {
    for (const index of convolutionIndices(stage)) {
      apply(convolution(x, state, `features.${index}`));
      apply(batchNorm(x, state, `features.${index + 1}`, mode, running));
      apply(rectifier(x));
    }
    apply(pool(x));
  }
  apply(average(x));
  apply(classifier(x, state));
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

function convolution(x: NdArray, state: State, name: string): Layer {
  const w = entry(state, `${name}.weight`);
  return {
    y: conv2d(x, w, 1, 1),
    backward: (dy, gradients) => {
      gradients.set(`${name}.weight`, conv2dWeightGradient(x, dy, w.shape, 1, 1));
      return conv2dInputGradient(dy, w, x.shape, 1, 1);
    },
  };
}

function batchNorm(x: NdArray, state: State, name: string, mode: Settings["mode"], running: State): Layer {
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

const rectifier = (x: NdArray): Layer => ({ y: relu(x), backward: (dy) => reluGradient(dy, x) });

const pool = (x: NdArray): Layer => ({ y: maxPool(x), backward: (dy) => maxPoolGradient(dy, x) });

const average = (x: NdArray): Layer => ({
  y: globalAveragePool(x),
  backward: (dy) => globalAveragePoolGradient(dy, x.shape),
});

function classifier(x: NdArray, state: State): Layer {
  const [w, b] = [entry(state, "classifier.weight"), entry(state, "classifier.bias")];
  return {
    y: dense(x, w, b),
    backward: (dy, gradients) => {
      const { dx, dw, db } = denseGradient(dy, x, w);
      gradients.set("classifier.weight", dw).set("classifier.bias", db);
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
export function forwardBackward(
  state: State,
  images: NdArray,
  labels: ArrayLike<number>,
  settings: Settings,
): { losses: NdArray; logits: NdArray; running: State; gradients: State; dImages: NdArray } {
  const { logits, running, backward } = vgg13(state, images, settings);
  const losses = crossEntropy(logits, labels);
  const { gradients, dImages } = backward(crossEntropyGradient(meanGradient(1, losses.shape), logits, labels));
  return { losses, logits, running, gradients, dImages };
}
