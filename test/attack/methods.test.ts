/** All methods, fusions and norms over one iteration: where they may go, what they are, and against float64. */
import * as assert from "uvu/assert";
import { type AttackSettings, craft } from "../../src/attack/craft.ts";
import { fusedDirection, type Fusion, fusions } from "../../src/attack/direction.ts";
import { methods, settingsOf } from "../../src/attack/method.ts";
import { norms, toBytes } from "../../src/attack/round.ts";
import type { Network } from "../../src/nn/network.ts";
import { suite } from "../harness.ts";
import { architecture, randomPictures, randomTwin, referenceNormaliser, type Twin, upload } from "../nn/networks.ts";
import { close, cropChannels, engine, evaluate, padChannels } from "../ops/engine.ts";
import { add } from "../reference/add.ts";
import { fromFunction, map, type NdArray } from "../reference/array.ts";
import { crossEntropyGradient } from "../reference/cross_entropy.ts";
import { normaliseGradient } from "../reference/normalise_gradient.ts";
import { scale } from "../reference/scale.ts";
import { signStep } from "../reference/sign_step.ts";
import { softmax } from "../reference/softmax.ts";
import { type Pass, vgg13 } from "../reference/vgg13.ts";

const SIZE = 32;
const EACH = SIZE * SIZE * 3;
/** Networks and pictures where no rectifier and no maximum is decided by less than 1e-4; see network.test.ts. */
const SEEDS = [26, 30, 3];
const twins = () => Promise.all(SEEDS.map((seed) => randomTwin(seed, architecture({ width: 0.0625 }))));
const COUNT = 3;
const { bytes, labels } = randomPictures(1, COUNT, SIZE, 3);
bytes.forEach((value, i) => {
  if (i % 5 === 0) bytes[i] = [0, 1, 254, 255][value % 4];
});

async function adversaries(members: readonly Twin[], settings: AttackSettings, batch?: number): Promise<Uint8Array> {
  const images = await upload(await engine(), bytes, SIZE);
  const networks: Network[] = members.map(({ network }) => network);
  const indices = Uint32Array.from(labels.keys());
  const result = await craft(await engine(), networks, images, { indices, labels }, settings, { batch });
  images.free();
  return result;
}

/** Largest change of a value, and length of the change, of the image that has moved most. */
function reach(found: Uint8Array): Record<"linf" | "l2", number> {
  const squares = new Float64Array(labels.length);
  let linf = 0;
  found.forEach((value, i) => {
    linf = Math.max(linf, Math.abs(value - bytes[i]));
    squares[Math.floor(i / EACH)] += (value - bytes[i]) ** 2;
  });
  return { linf, l2: Math.sqrt(Math.max(...squares)) };
}

/** Each fusion's direction as Dong et al. define it: the gradient to each member's logits, taken back to the images. */
function fused(fusion: Fusion, passes: readonly Pass[], labels: ArrayLike<number>): NdArray {
  const ones = fromFunction([labels.length], () => 1);
  const share = 1 / passes.length;
  const sum = (arrays: NdArray[]) => arrays.reduce(add);
  const toImages = (dLogits: NdArray[]) => passes.map((pass, k) => pass.backward(dLogits[k]).dImages);
  const own = passes.map(({ logits }) => crossEntropyGradient(ones, logits, labels));
  switch (fusion) {
    case "gradients":
      return sum(toImages(own).map((gradient) => normaliseGradient(gradient)));
    case "logits": {
      const mean = scale(sum(passes.map(({ logits }) => logits)), share);
      return sum(toImages(passes.map(() => scale(crossEntropyGradient(ones, mean, labels), share))));
    }
    case "softmax": {
      // −ln Σ pₖ(y) / K: member k's part is pₖ(y) / Σ p(y) of its own cross-entropy's gradient.
      const right = passes.map(({ logits }) =>
        fromFunction([labels.length], (n) => softmax(logits).data[n * 3 + labels[n]])
      );
      const total = sum(right);
      return sum(
        toImages(
          passes.map(({ logits }, k) =>
            crossEntropyGradient(map(right[k], (p, n) => p / total.data[n]), logits, labels)
          ),
        ),
      );
    }
    case "loss":
      return scale(sum(toImages(own)), share);
  }
}

suite("attack methods", (test) => {
  test("their steps, momentum and start are those of their authors", () => {
    const of = (method: typeof methods[number]) => Object.values(settingsOf(method, 16));
    assert.equal(of("fgsm"), [16, 1, 0, false]);
    assert.equal(of("i-fgsm"), [1, 20, 0, false]);
    assert.equal(of("mi-fgsm"), [1.6, 10, 1, false]);
    assert.equal(of("pgd"), [1, 20, 0, true]);
  });

  for (const norm of norms) {
    for (const method of methods) {
      test(`${method}, ${norm}: stays in the ball and gets to its rim; alone in a batch or not, it is the same`, async () => {
        const members = (await twins()).slice(0, 2);
        const epsilon = norm === "linf" ? 8 : 150;
        const strength = settingsOf(method, epsilon);
        // Steps of 1 are short in a ball of that size.
        const settings = {
          epsilon,
          norm,
          ...strength,
          ...(strength.step === 1 && norm === "l2" ? { step: 50, steps: 5 } : {}),
        };
        const found = await adversaries(members, settings);
        const moved = reach(found)[norm];
        assert.ok(moved <= epsilon && moved > 0.9 * epsilon, `moved by ${moved} of ${epsilon}`);
        assert.equal(await adversaries(members, settings, 1), found);
        members.forEach(({ network }) => network.free());
      });
    }
  }

  for (const fusion of fusions) {
    test(`the fusion of ${fusion} against float64`, async () => {
      const members = await twins();
      const { values, labels } = randomPictures(1, 3, SIZE, 3);
      const feeds = { x: padChannels(values), y: { shape: [3], data: labels, dtype: "u32" as const } };
      const [direction] = await evaluate(feeds, ({ x, y }) => {
        const models = members.map(({ network }) => network.on(x.graph, "inference").model);
        return [fusedDirection(fusion, models, x, y)];
      });
      const settings = { mode: "inference", normaliser: referenceNormaliser } as const;
      const passes = members.map(({ state }) => vgg13(state, values, settings));
      close("direction", cropChannels(direction, 3), fused(fusion, passes, labels), 1e-4);
      members.forEach(({ network }) => network.free());
    });
  }

  test("with one member every fusion is the same attack; with several each is another", async () => {
    const members = await twins();
    const settings = { epsilon: 8, step: 1, steps: 4 };
    const each = async (members: readonly Twin[]) => {
      const found: string[] = [];
      for (const fusion of fusions) found.push(String(await adversaries(members, { ...settings, fusion })));
      return new Set(found).size;
    };
    assert.equal([await each(members.slice(0, 1)), await each(members)], [1, 4]);
    members.forEach(({ network }) => network.free());
  });

  test("momentum: g ← μ · g + ∇L / ‖∇L‖₁ over three steps, against float64", async () => {
    const [{ network, state }] = await twins();
    const settings = { epsilon: 16, step: 2, steps: 3, momentum: 0.8 };
    const found = await adversaries([{ network, state }], settings);
    network.free();
    const original = fromFunction([COUNT, SIZE, SIZE, 3], (i) => bytes[i]);
    let [x, g] = [original, map(original, () => 0)];
    for (let i = 0; i < settings.steps; i++) {
      const pass = vgg13(state, x, { mode: "inference", normaliser: referenceNormaliser });
      const gradient = pass.backward(crossEntropyGradient(fromFunction([COUNT], () => 1), pass.logits, labels)).dImages;
      g = add(scale(g, settings.momentum), normaliseGradient(gradient, 1));
      x = signStep(x, g, original, settings.step, settings.epsilon);
    }
    const others = found.filter((value, i) => value !== x.data[i]).length;
    // f32 may see another sign where gradients all but vanish.
    assert.ok(others < 1e-3 * found.length, `${others} of ${found.length} values differ`);
  });

  test("a random start is the seed's, and is not where the image is", async () => {
    const members = (await twins()).slice(0, 1);
    const settings = { epsilon: 8, step: 1, steps: 1, randomStart: true };
    const one = await adversaries(members, { ...settings, seed: 1 });
    assert.equal(await adversaries(members, { ...settings, seed: 1 }), one);
    assert.not.equal(await adversaries(members, { ...settings, seed: 2 }), one);
    const far = one.filter((value, i) => Math.abs(value - bytes[i]) > 2).length;
    assert.ok(far > 0.5 * one.length, `${far} values are further away than one step leads`);
    members.forEach(({ network }) => network.free());
  });

  test("rounding to bytes in the L2 ball: the nearest whole values that lie inside", () => {
    const x0 = Float32Array.of(10, 10, 10, 0, 10, 10, 10, 0);
    const x = Float32Array.of(12.6, 10.4, 10, 0, 12.6, 11.5, 10, 0);
    // √(3² + 0² ) = 3 and √(3² + 2²) = 3.6: the second one's value that rounding moved most comes back.
    assert.equal([...toBytes(x0, x, 2, "l2", 3.2)], [13, 10, 10, 13, 11, 10]);
    assert.equal([...toBytes(x0, x, 2, "l2", 2.9)], [12, 10, 10, 12, 11, 10]);
  });
});
