/** PGD training against the float64 reference; each step is compared from the device's own last adversary. */
import * as assert from "uvu/assert";
import { ascend, pgd } from "../../../src/train/defences/pgd.ts";
import { suite } from "../../harness.ts";
import { within } from "../../ops/engine.ts";
import { map, maxError, type NdArray } from "../../reference/array.ts";
import { mean } from "../../reference/mean.ts";
import { noise } from "../../reference/noise.ts";
import { signStep } from "../../reference/sign_step.ts";
import { forwardBackward } from "../../reference/vgg13.ts";
import { closeStates, images, labels, reference, SEED, step, STREAMS, tinyTwin, trace } from "./traced.ts";

const settings = { name: "pgd", epsilon: 8, step: 2, steps: 7 } as const;

/** A step of the reference; a gradient too small for f32 to know its sign keeps what the device made of it. */
function expectedStep(before: NdArray, gradient: NdArray, after: NdArray): NdArray {
  const deviation = Math.sqrt(gradient.data.reduce((sum, g) => sum + g * g, 0) / gradient.data.length);
  const unsure = gradient.data.map((g) => Number(Math.abs(g) < 1e-4 * deviation));
  assert.ok(unsure.reduce((sum, one) => sum + one, 0) < 1e-3 * unsure.length, "hardly any gradient is that small");
  const stepped = signStep(before, gradient, images, settings.step, settings.epsilon);
  return map(stepped, (value, i) => unsure[i] ? after.data[i] : value);
}

suite("pgd", (test) => {
  let adversary: NdArray;

  test("random start and all seven steps; every adversary stays in the ball and in the range", async () => {
    const twin = await tinyTwin();
    const iterates = await trace(twin, (batch) => ascend(batch, settings, SEED));
    twin.network.free();
    assert.is(iterates.length, 8);
    const uniform = noise(images.shape, STREAMS, { distribution: "uniform", seed: SEED, purpose: "pgd start" });
    const start = map(images, (value, i) => Math.min(Math.max(value + 8 * uniform.data[i], 0), 255));
    within("start", iterates[0], start, 1e-4);
    for (const [i, before] of iterates.slice(0, -1).entries()) {
      const { dImages } = forwardBackward(twin.state, before, labels, reference);
      within(`step ${i + 1}`, iterates[i + 1], expectedStep(before, dImages, iterates[i + 1]), 1e-4);
    }
    for (const iterate of iterates) {
      assert.ok(maxError(iterate, images) <= settings.epsilon);
      assert.ok(iterate.data.every((value) => 0 <= value && value <= 255));
    }
    adversary = iterates[7];
    assert.ok(
      adversary.data.filter((value, i) => Math.abs(value - images.data[i]) === 8).length > 500,
      "some reach the rim",
    );
  });

  test("loss and gradients are plain training's on the adversaries, whose pass alone moves the statistics", async () => {
    const twin = await tinyTwin();
    const { loss, gradients, running } = await step(twin, pgd(settings, SEED));
    twin.network.free();
    const expected = forwardBackward(twin.state, adversary, labels, reference);
    assert.ok(Math.abs(loss - mean(expected.losses)) < 1e-5 * loss);
    closeStates(gradients, expected.gradients, 1e-4);
    closeStates(running, expected.running, 1e-5);
  });
});
