/**
 * The whole float64 network against finite differences at width 1/16 (4 channels), 32×32, batch 2, on a random
 * coordinate of every parameter array. Some of the tens of thousands of ReLUs and maxima may cross a kink within a
 * step, so steps are smaller than for single ops (rounding then allows about 1e-7) and 1e-6 is asked of each array.
 */
import * as assert from "uvu/assert";
import { Random } from "../../src/random.ts";
import { suite } from "../harness.ts";
import { add } from "./add.ts";
import { fromFunction, map, type NdArray, relativeError, sizeOf } from "./array.ts";
import { crossEntropy } from "./cross_entropy.ts";
import { finiteDifferences } from "./finite_differences.ts";
import { klDivergence } from "./kl_divergence.ts";
import { mean } from "./mean.ts";
import { mix } from "./mix.ts";
import { mixupKlStep } from "./mixup_kl.ts";
import { scale } from "./scale.ts";
import { forwardBackward, randomVgg13, type State, vgg13, vgg13Shapes } from "./vgg13.ts";

const TOLERANCE = 1e-6;
const LABELS = [2, 0];
const MIXING = { partner: [1, 0], alpha: [0.3, 0.45], lambda: 10 };
const state = randomVgg13(1 / 16, 3, new Random(1, "state"));
const pixels = new Random(1, "images");
const images = fromFunction([2, 32, 32, 3], () => 255 * pixels.uniform());

function coordinates(array: NdArray, count: number, purpose: string): number[] {
  const random = new Random(1, purpose);
  return Array.from({ length: count }, () => random.integer(array.data.length));
}

/** Compares `gradients` with differences of `loss` on one coordinate of every parameter array. */
function checkParameters(loss: (state: State) => number, gradients: State) {
  const names = [...state.keys()].filter((name) => !name.includes("running"));
  assert.equal([...gradients.keys()].sort(), names.toSorted());
  for (const name of names) {
    const array = state.get(name)!;
    const sample = coordinates(array, 1, name);
    const expected = finiteDifferences((changed) => loss(new Map(state).set(name, changed)), array, 1e-6, sample);
    const error = relativeError(sample.map((i) => gradients.get(name)!.data[i]), expected);
    assert.ok(error < TOLERANCE, `${name}: relative error ${error}`);
  }
}

suite("reference VGG13", (test) => {
  test("has torchvision's names and, at full width, configuration B's 9,402,048 convolution weights", () => {
    const shapes = vgg13Shapes(1, 1000);
    const convolutions = [...shapes].filter(([, shape]) => shape.length === 4);
    assert.is(convolutions.reduce((sum, [, shape]) => sum + sizeOf(shape), 0), 9_402_048);
    const indices = [0, 3, 7, 10, 14, 17, 21, 24, 28, 31];
    assert.equal(convolutions.map(([name]) => name), indices.map((index) => `features.${index}.weight`));
    assert.equal(shapes.get("features.32.running_var"), [512]);
    assert.equal(shapes.get("classifier.weight"), [1000, 512]);
  });

  for (const mode of ["training", "inference"] as const) {
    test(`${mode}: gradients to parameters and images`, () => {
      const loss = (state: State, x: NdArray) => mean(crossEntropy(vgg13(state, x, { mode }).logits, LABELS));
      const { gradients, dImages, losses } = forwardBackward(state, images, LABELS, { mode });
      assert.is(mean(losses), loss(state, images));
      checkParameters((state) => loss(state, images), gradients);
      const sample = coordinates(images, 6, mode);
      const expected = finiteDifferences((x) => loss(state, x), images, 1e-4, sample);
      const error = relativeError(sample.map((i) => dImages.data[i]), expected);
      assert.ok(error < TOLERANCE, `images: relative error ${error}`);
    });
  }

  test("inference with the statistics of a batch gives that batch's logits in training", () => {
    const { logits, running } = vgg13(state, images, { mode: "training" });
    const ofBatch = new Map(state);
    for (const [name, after] of running) {
      const batch = map(after, (value, c) => (value - 0.9 * state.get(name)!.data[c]) / 0.1);
      const stage = Math.floor(Number(name.split(".")[1]) / 7);
      const count = 2 * (32 / 2 ** stage) ** 2;
      ofBatch.set(name, name.endsWith("running_var") ? scale(batch, (count - 1) / count) : batch);
    }
    assert.is(running.size, 20);
    const error = relativeError(vgg13(ofBatch, images, { mode: "inference" }).logits, logits);
    assert.ok(error < 1e-10, `relative error ${error}`);
  });

  test("mixup-KL: gradients with both sides, with the mixed side alone, and with the clean side alone", () => {
    const step = (gradient: "both" | "mixed" | "clean") => mixupKlStep(state, images, LABELS, { ...MIXING, gradient });
    const logits = (state: State, x: NdArray) => vgg13(state, x, { mode: "training" }).logits;
    const mixed = mix(images, MIXING.partner, MIXING.alpha);
    const [both, onlyMixed, onlyClean] = [step("both"), step("mixed"), step("clean")];
    const detached = both.cleanLogits;
    const loss = (state: State, first?: NdArray) => {
      const clean = logits(state, images);
      const divergence = klDivergence(first ?? clean, logits(state, mixed));
      return mean(add(crossEntropy(clean, LABELS), scale(divergence, MIXING.lambda)));
    };
    assert.is(mean(both.losses), loss(state));
    checkParameters(loss, both.gradients);
    checkParameters((state) => loss(state, detached), onlyMixed.gradients);
    // clean + mixed = both + cross-entropy, so the clean side needs no differences of its own.
    const { gradients: entropyAlone } = forwardBackward(state, images, LABELS, { mode: "training" });
    for (const [name, gradient] of onlyClean.gradients) {
      const twice = add(both.gradients.get(name)!, entropyAlone.get(name)!);
      const expected = add(twice, scale(onlyMixed.gradients.get(name)!, -1));
      const error = relativeError(gradient, expected);
      assert.ok(error < 1e-10, `${name}: ${error}`);
    }
    const { running } = vgg13(state, images, { mode: "training" });
    assert.equal(both.running, running);
  });
});
