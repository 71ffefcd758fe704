import * as assert from "uvu/assert";
import { distribution, lossRays, raysSchema } from "../../src/assess/rays.ts";
import { craft } from "../../src/attack/craft.ts";
import { DeviceImages, readerOf } from "../../src/nn/images.ts";
import { argmax, countCorrect, Predictor, softmax } from "../../src/nn/predict.ts";
import { openRun } from "../../src/nn/run.ts";
import { suite } from "../harness.ts";
import { engine } from "../ops/engine.ts";
import { tinyPack, tinyRun } from "../train/tiny.ts";

/** Mean loss and correct answers of a run on the images of the tiny pack, after FGSM with this ε (0: as they are). */
async function afterFgsm(run: string, indices: Uint32Array, epsilon: number) {
  const [device, pack] = [await engine(), await tinyPack()];
  const labels = await pack.labels("validation");
  const originals = await DeviceImages.upload(
    device.gpu,
    pack.size,
    labels.length,
    readerOf(await pack.images("validation"), pack.size),
  );
  const { network } = await openRun(device, run);
  // Whole ε on whole pixels: rounding to bytes changes nothing.
  const attack = { epsilon, step: epsilon, steps: 1 };
  const bytes = await craft(device, [network], originals, { indices, labels }, attack);
  const images = await DeviceImages.upload(device.gpu, pack.size, indices.length, readerOf(bytes, pack.size));
  const predictor = await Predictor.compile(network, images);
  const logits = await predictor.logits();
  for (const resource of [predictor, images, originals, network]) resource.free();
  const own = Int32Array.from(indices, (index) => labels[index]);
  const losses = [...own].map((label, n) => -Math.log(softmax(logits.subarray(3 * n, 3 * n + 3))[label]));
  return {
    mean: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    correct: countCorrect(argmax(logits, 3), own),
  };
}

suite("loss rays", (test) => {
  test("hold the loss and accuracy of clean images, and of FGSM's adversaries", async () => {
    const runs = [await tinyRun(1), await tinyRun(2)];
    const pack = await tinyPack();
    const epsilons = [0, 3, 16, 128];
    const saved = await lossRays(await engine(), pack, { runs, epsilons });
    assert.equal(raysSchema.parse(JSON.parse(JSON.stringify(saved))), saved);
    assert.equal(saved.images.toSorted((a, b) => a - b), [...Array(18).keys()], "fewer than 128: all there are");
    for (const [i, { run, defence, points }] of saved.rays.entries()) {
      assert.equal([run, defence], [runs[i], "none"]);
      assert.equal(points.map(({ epsilon }) => epsilon), epsilons);
      for (const { epsilon, mean, correct } of points) {
        const expected = await afterFgsm(run, Uint32Array.from(saved.images), epsilon);
        assert.is(correct, expected.correct, `ε = ${epsilon}`);
        const error = Math.abs(mean - expected.mean);
        assert.ok(error < 1e-5 + 1e-4 * mean, `ε = ${epsilon}: ${mean} instead of ${expected.mean}`);
      }
      assert.ok(points[2].mean > points[0].mean && points[2].correct < points[0].correct, "the attack does something");
    }
  });

  test("images are drawn by the seed; a longer draw begins like a shorter one", async () => {
    const [device, pack, run] = [await engine(), await tinyPack(), await tinyRun(1)];
    const draw = (seed: number, images: number) => lossRays(device, pack, { runs: [run], seed, images, epsilons: [4] });
    const [five, again, other] = [await draw(1, 5), await draw(1, 5), await draw(2, 5)];
    assert.equal(again, five);
    assert.is(new Set(five.images).size, 5);
    assert.not.equal(other.images, five.images);
    assert.equal((await draw(1, 18)).images.slice(0, 5), five.images);
  });

  test("mean and quantiles of losses", () => {
    assert.equal(distribution(Float32Array.of(4)), { mean: 4, quantiles: [4, 4, 4, 4, 4] });
    assert.equal(distribution(Float32Array.from({ length: 101 }, (_, i) => 100 - i)), {
      mean: 50,
      quantiles: [5, 25, 50, 75, 95],
    });
    assert.equal(distribution(Float32Array.of(0, 8, 4)).quantiles.slice(1, 4), [2, 4, 6]);
  });

  test("all memory is given back", async () => {
    const [device, run] = [await engine(), await tinyRun(1)];
    const before = [device.gpu.allocatedBytes, device.gpu.allocatedBuffers];
    await lossRays(device, await tinyPack(), { runs: [run], images: 4, epsilons: [0, 8] });
    assert.equal([device.gpu.allocatedBytes, device.gpu.allocatedBuffers], before);
  });
});
