/**
 * VGG13 with batch normalisation, whole and in float64: configuration B of Simonyan and Zisserman 2015 (five stages of
 * two 3×3 convolutions without bias, each followed by batch norm and ReLU, and a 2×2 max pool), then a global average
 * pool and one dense layer. The normaliser is part of the network: images [N, S, S, 3] are in 0–255, S ≥ 32.
 * Parameters have the names of torchvision's vgg13_bn (`features.N.weight`, ...) and `classifier.weight/.bias`;
 * convolution weights are OHWI.
 */
import type { Random } from "../../src/random.ts";
import { map, type NdArray, randomNormal } from "./array.ts";
import {
  average,
  batchNorm,
  classifier,
  convolution,
  type Pass,
  pool,
  record,
  rectifier,
  runBackward,
  type Settings,
  type State,
} from "./layers.ts";

export type { Normaliser, Pass, State } from "./layers.ts";

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

export function vgg13(state: State, images: NdArray, settings: Settings): Pass {
  return record(images, settings, (apply, { mode, running }) => {
    for (let stage = 0; stage < 5; stage++) {
      for (const index of convolutionIndices(stage)) {
        apply((x) => convolution(x, state, `features.${index}`));
        apply((x) => batchNorm(x, state, `features.${index + 1}`, mode, running));
        apply(rectifier);
      }
      apply((x) => pool(x));
    }
    apply(average);
    apply((x) => classifier(x, state, "classifier"));
  });
}

/** `runBackward` of this network. */
export function forwardBackward(state: State, images: NdArray, labels: ArrayLike<number>, settings: Settings) {
  return runBackward(vgg13(state, images, settings), labels);
}
