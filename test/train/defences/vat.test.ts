/** Virtual adversarial training against the float64 reference; each iteration from the device's own last direction. */
import * as assert from "uvu/assert";
import { directions, lengthInPixels, vat } from "../../../src/train/defences/vat.ts";
import { suite } from "../../harness.ts";
import { close } from "../../ops/engine.ts";
import { add } from "../../reference/add.ts";
import { dot, fromFunction, map, type NdArray } from "../../reference/array.ts";
import { crossEntropy, crossEntropyGradient } from "../../reference/cross_entropy.ts";
import { klDivergence, klDivergenceGradient } from "../../reference/kl_divergence.ts";
import { mean, meanGradient } from "../../reference/mean.ts";
import { noise } from "../../reference/noise.ts";
import { normaliseGradient } from "../../reference/normalise_gradient.ts";
import { scale } from "../../reference/scale.ts";
import { type State, vgg13 } from "../../reference/vgg13.ts";
import { closeStates, images, labels, reference, SEED, step, STREAMS, tinyTwin, trace } from "./traced.ts";

const settings = { name: "vat", epsilon: 15, xi: 0.1, steps: 3, lambda: 2 } as const;
/** ε and ξ are for 128 pixels a side in [0, 1]; the images have 32, from 0 to 255. */
const pixels = (length: number) => length * 255 / 4;
const count = STREAMS.length;

function nextDirection(state: State, direction: NdArray, xi: number): NdArray {
  const clean = vgg13(state, images, reference);
  const nearby = vgg13(state, add(images, scale(direction, pixels(xi))), reference);
  const { db } = klDivergenceGradient(fromFunction([count], () => 1), clean.logits, nearby.logits);
  return normaliseGradient(nearby.backward(db).dImages);
}

suite("vat", (test) => {
  let last: NdArray;

  test("a length given for 128 pixels in [0, 1] has the same root mean square at every size", async () => {
    const twin = await tinyTwin();
    await trace(twin, ({ x }) => {
      const rms = lengthInPixels(15, x) / Math.sqrt(32 * 32 * 3);
      assert.ok(Math.abs(rms / 255 - 15 / Math.sqrt(128 * 128 * 3)) < 1e-12);
      return [x];
    });
    twin.network.free();
  });

  for (const xi of [0.1, 1]) {
    test(`ξ = ${xi}: the random direction and all three iterations, each of length one`, async () => {
      const twin = await tinyTwin();
      const found = await trace(twin, (batch) => directions(batch, batch.model(batch.x), { ...settings, xi }, SEED));
      twin.network.free();
      assert.is(found.length, 4);
      const start = noise(images.shape, STREAMS, { distribution: "normal", seed: SEED, purpose: "vat direction" });
      close("start", found[0], normaliseGradient(start), 1e-5);
      for (const [i, direction] of found.slice(0, -1).entries()) {
        close(`iteration ${i + 1}`, found[i + 1], nextDirection(twin.state, direction, xi), 5e-4);
      }
      for (const direction of found) assert.ok(Math.abs(dot(direction, direction) / count - 1) < 1e-5);
      if (xi === settings.xi) last = found[3];
    });
  }

  test("loss and gradients with p(x) as a constant; the clean pass alone moves the statistics", async () => {
    const twin = await tinyTwin();
    const { loss, gradients, running } = await step(twin, vat(settings, SEED));
    twin.network.free();
    const clean = vgg13(twin.state, images, reference);
    const perturbed = vgg13(twin.state, add(images, scale(last, pixels(settings.epsilon))), reference);
    const divergence = klDivergence(clean.logits, perturbed.logits);
    assert.ok(mean(divergence) > 0.01, "the divergence must matter");
    const expected = mean(add(crossEntropy(clean.logits, labels), scale(divergence, settings.lambda)));
    assert.ok(Math.abs(loss - expected) < 1e-4 * expected, `loss ${loss} instead of ${expected}`);
    const dLoss = meanGradient(1, [count]);
    const { db } = klDivergenceGradient(scale(dLoss, settings.lambda), clean.logits, perturbed.logits);
    const ofClean = clean.backward(crossEntropyGradient(dLoss, clean.logits, labels)).gradients;
    const ofPerturbed = perturbed.backward(db).gradients;
    const sums = [...ofClean].map(([name, g]): [string, NdArray] => [name, add(g, ofPerturbed.get(name)!)]);
    closeStates(gradients, new Map(sums), 1e-3);
    closeStates(running, clean.running, 1e-5);
  });

  test("a probe that long leaves the neighbourhood: ξ = 0.1 is closer to the derivative than ξ = 1", async () => {
    const { network, state } = await tinyTwin();
    network.free();
    const start = normaliseGradient(map(images, (value) => value - 127));
    const derivative = nextDirection(state, start, 1e-4);
    const cosine = (xi: number) => dot(nextDirection(state, start, xi), derivative) / count;
    assert.ok(cosine(0.1) > cosine(1) && cosine(0.1) > 0.9, `${cosine(0.1)}, ${cosine(1)}`);
  });
});
