import * as assert from "uvu/assert";
import { type AttackSettings, automaticSteps, craft } from "../../src/attack/craft.ts";
import { ensembleDirection } from "../../src/attack/direction.ts";
import type { Network } from "../../src/nn/network.ts";
import { crossEntropy } from "../../src/ops/cross_entropy.ts";
import { assign } from "../../src/ops/assign.ts";
import { signStep } from "../../src/ops/sign_step.ts";
import { gradient } from "../../src/tensor/gradient.ts";
import { Graph } from "../../src/tensor/graph.ts";
import { compile } from "../../src/tensor/plan.ts";
import { suite } from "../harness.ts";
import { architecture, digest, randomPictures, randomTwin, referenceNormaliser, upload } from "../nn/networks.ts";
import { close, cropChannels, engine, evaluate, padChannels, place, readView } from "../ops/engine.ts";
import { add } from "../reference/add.ts";
import { fromFunction, map } from "../reference/array.ts";
import { normaliseGradient } from "../reference/normalise_gradient.ts";
import { forwardBackward } from "../reference/vgg13.ts";

const SIZE = 32;
const one = (bytes: Uint8Array, n: number) => bytes.subarray(n * SIZE * SIZE * 3, (n + 1) * SIZE * SIZE * 3);
/** Networks and pictures where no rectifier and no maximum is decided by less than 1e-4; see network.test.ts. */
const SEEDS = [26, 30, 3];
const design = architecture({ width: 0.0625 });
const networksOf = async (seeds: number[]) =>
  (await Promise.all(seeds.map((seed) => randomTwin(seed, design)))).map(({ network }) => network);

/** Random pictures with values at and near the ends of the range too. */
function edgy(count: number) {
  const pictures = randomPictures(7, count, SIZE, 3);
  pictures.bytes.forEach((value, i) => {
    if (i % 5 === 0) pictures.bytes[i] = [0, 1, 254, 255][value % 4];
  });
  return pictures;
}

async function adversaries(
  networks: Network[],
  { bytes, labels }: { bytes: Uint8Array; labels: Int32Array },
  settings: AttackSettings,
  batch?: number,
  indices = Uint32Array.from(labels.keys()),
): Promise<Uint8Array> {
  const images = await upload(await engine(), bytes, SIZE);
  const result = await craft(await engine(), networks, images, { indices, labels }, settings, { batch });
  images.free();
  return result;
}

/** I-FGSM as it is defined, with the plain gradient and no ensemble in sight; rounded to bytes. */
async function iteratedFgsm(
  network: Network,
  { bytes, labels }: { bytes: Uint8Array; labels: Int32Array },
  { epsilon, step, steps }: AttackSettings,
): Promise<Uint8Array> {
  const start = padChannels(fromFunction([labels.length, SIZE, SIZE, 3], (i) => bytes[i]));
  const views = [await place(start.data), await place(start.data)];
  const graph = new Graph(await engine());
  const [x0, x] = views.map((view, i) => graph.placed(`x${i}`, start.shape, view));
  const y = graph.input("labels", [labels.length], "u32");
  const [direction] = gradient(crossEntropy(network.on(graph, "inference").model(x), y), [x]);
  assign(x, signStep(x, direction, x0, { step, epsilon }));
  const plan = await compile(graph, []);
  plan.write(y, Uint32Array.from(labels));
  for (let i = 0; i < steps; i++) plan.run();
  const result = (await readView(views[1])).filter((_, i) => i % 4 < 3);
  plan.free();
  for (const { buffer } of views) (await engine()).gpu.free(buffer);
  return Uint8Array.from(result, (value, i) => {
    const [low, high] = [bytes[i] - epsilon, bytes[i] + epsilon];
    return Math.max(Math.min(Math.round(value), Math.floor(high)), Math.ceil(low));
  });
}

suite("gradient ensemble attack", (test) => {
  test("as many iterations as Kurakin et al. take", () => {
    for (const [epsilon, steps] of [[4, 5], [8, 10], [16, 20], [32, 36], [2.5, 4], [1, 2], [0, 0]]) {
      assert.is(automaticSteps(epsilon), steps, `ε = ${epsilon}`);
    }
  });

  test("an ensemble of one is I-FGSM, bit for bit", async () => {
    const pictures = edgy(6);
    const networks = await networksOf(SEEDS);
    for (const settings of [{ epsilon: 16, step: 1, steps: 20 }, { epsilon: 2.5, step: 0.7, steps: 5 }]) {
      const expected = await iteratedFgsm(networks[0], pictures, settings);
      assert.is(digest(await adversaries([networks[0]], pictures, settings)), digest(expected));
      const moved = expected.filter((value, i) => value !== pictures.bytes[i]).length;
      assert.ok(moved > 0.5 * expected.length, `${moved} of ${expected.length} values moved`);
      assert.is.not(
        digest(await adversaries(networks, pictures, settings)),
        digest(expected),
        "three members are another attack",
      );
    }
    networks.forEach((network) => network.free());
  });

  test("no adversary leaves its ε-ball or [0, 255]; with enough iterations some reach the rim", async () => {
    const pictures = edgy(5);
    const networks = await networksOf(SEEDS.slice(0, 2));
    const cases: [AttackSettings, number][] = [
      [{ epsilon: 16, step: 1, steps: 20 }, 16],
      [{ epsilon: 4, step: 1, steps: 5 }, 4],
      [{ epsilon: 2.5, step: 1, steps: 4 }, 2],
      [{ epsilon: 0.5, step: 1, steps: 3 }, 0],
      [{ epsilon: 3, step: 50, steps: 2 }, 3],
      [{ epsilon: 255, step: 100, steps: 3 }, 255],
      [{ epsilon: 8, step: 0.25, steps: 3 }, 1],
      [{ epsilon: 0, step: 1, steps: 1 }, 0],
    ];
    for (const [settings, reach] of cases) {
      const result = await adversaries(networks, pictures, settings);
      let [largest, wrapped] = [0, 0];
      result.forEach((value, i) => {
        largest = Math.max(largest, Math.abs(value - pictures.bytes[i]));
        if (Math.abs(value - pictures.bytes[i]) > settings.epsilon) wrapped++;
      });
      assert.is(wrapped, 0, `ε = ${settings.epsilon}: ${wrapped} values outside`);
      assert.is(largest, reach, `ε = ${settings.epsilon}, step ${settings.step}, ${settings.steps} iterations`);
    }
    networks.forEach((network) => network.free());
  });

  test("alone in its batch an image gets the very adversary it gets among others, in any order", async () => {
    const pictures = edgy(7);
    const networks = await networksOf(SEEDS);
    const settings = { epsilon: 8, step: 1, steps: 10 };
    const together = await adversaries(networks, pictures, settings);
    // Batches of 3 end with one that has to be filled up.
    for (const batch of [1, 3]) {
      assert.is(digest(await adversaries(networks, pictures, settings, batch)), digest(together), `batch ${batch}`);
    }
    const order = Uint32Array.of(6, 0, 3);
    const picked = await adversaries(networks, pictures, settings, 64, order);
    order.forEach((index, i) => {
      const [alone, among] = [[picked, i], [together, index]] as const;
      assert.is(digest(one(...alone)), digest(one(...among)));
    });
    networks.forEach((network) => network.free());
  });

  test("the direction is the sum of the members' gradients, each of length one per image", async () => {
    const twins = await Promise.all(SEEDS.map((seed) => randomTwin(seed, design)));
    const { values, labels } = randomPictures(1, 3, SIZE, 3);
    // A member whose gradients are a hundred times smaller has as much say as the others.
    const [quiet] = twins;
    const weights = map(quiet.state.get("classifier.weight")!, (value) => value / 128);
    quiet.state.set("classifier.weight", weights);
    quiet.network.parameters.write("classifier.weight", Float32Array.from(weights.data));

    const [direction] = await evaluate(
      { x: padChannels(values), y: { shape: [3], data: labels, dtype: "u32" } },
      ({ x, y }) => {
        const models = twins.map(({ network }) => network.on(x.graph, "inference").model);
        return [ensembleDirection(models, x, y)];
      },
    );
    const expected = twins.map(({ state }) => {
      const { dImages } = forwardBackward(state, values, labels, {
        mode: "inference",
        normaliser: referenceNormaliser,
      });
      return normaliseGradient(map(dImages, (value) => 3 * value));
    }).reduce(add);
    close("direction", cropChannels(direction, 3), expected, 1e-4);
    twins.forEach(({ network }) => network.free());
  });

  test("all memory is given back", async () => {
    const { gpu } = await engine();
    const before = [gpu.allocatedBytes, gpu.allocatedBuffers];
    const networks = await networksOf(SEEDS.slice(0, 2));
    await adversaries(networks, edgy(3), { epsilon: 4, step: 1, steps: 2 });
    networks.forEach((network) => network.free());
    assert.equal([gpu.allocatedBytes, gpu.allocatedBuffers], before);
  });
});
