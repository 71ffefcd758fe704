import * as assert from "uvu/assert";
import { lossSurfaces, surfacesSchema } from "../../src/assess/surface.ts";
import { sha256File } from "../../src/data/files.ts";
import { DeviceImages } from "../../src/nn/images.ts";
import { Predictor, softmax } from "../../src/nn/predict.ts";
import { openRun } from "../../src/nn/run.ts";
import { suite } from "../harness.ts";
import { engine, refused } from "../ops/engine.ts";
import { otherPack, predictions, tinyPack, tinyRun, trainTiny } from "../train/tiny.ts";

/** The loss of validation images as they are, from a run's logits. */
async function cleanLosses(run: string): Promise<number[]> {
  const [{ gpu }, pack] = [await engine(), await tinyPack()];
  const labels = await pack.labels("validation");
  const bytes = await pack.images("validation");
  const each = bytes.length / labels.length;
  const read = (from: number, to: number) => bytes.subarray(from * each, to * each);
  const images = await DeviceImages.upload(gpu, pack.size, labels.length, read);
  const { network } = await openRun(await engine(), run);
  const predictor = await Predictor.compile(network, images);
  const logits = await predictor.logits();
  for (const resource of [predictor, images, network]) resource.free();
  return [...labels].map((label, n) => -Math.log(softmax(logits.subarray(3 * n, 3 * n + 3))[label]));
}

suite("loss surfaces", (test) => {
  const first = [-4, 0, 4, 8];
  const second = [-2, 0, 2];
  const origin = 1 * first.length + 1;

  test("hold at (0, 0) each network's loss of an image that all recognise, and all they were made of", async () => {
    const [reference, other] = [await tinyRun(1), await tinyRun(2)];
    const pack = await tinyPack();
    const runs = [reference, other];
    const saved = await lossSurfaces(await engine(), pack, { reference, runs, first, second });
    assert.equal(surfacesSchema.parse(JSON.parse(JSON.stringify(saved))), saved);
    const labels = await pack.labels("validation");
    const seen = await predictions(runs, await pack.images("validation"));
    assert.is(saved.image, [...labels.keys()].find((n) => seen.every((classes) => classes[n] === labels[n])));
    assert.is(saved.label, labels[saved.image]);
    assert.equal([saved.pack, saved.packHash], [pack.path, await sha256File(`${pack.path}/pack.json`)]);
    assert.is(saved.reference.run, reference);
    for (const [i, { run, hash, defence, losses, predicted }] of saved.surfaces.entries()) {
      assert.equal([run, defence], [runs[i], "none"]);
      assert.is(hash, await sha256File(`${run}/weights.safetensors`));
      assert.equal([losses.length, predicted.length], [12, 12]);
      assert.is(predicted[origin], saved.label);
      const clean = (await cleanLosses(run))[saved.image];
      assert.ok(Math.abs(losses[origin] - clean) < 1e-5 + 1e-4 * clean, `${losses[origin]} instead of ${clean}`);
      assert.ok(
        losses[2 * first.length + 1] > losses[1],
        `${run}: up its own gradient the loss is higher than down it`,
      );
    }
  });

  test("the reference's own two directions are one: its loss depends on ε₁ + ε₂ only", async () => {
    const reference = await tinyRun(1);
    const axis = [-3, 0, 3];
    const { surfaces: [{ losses }] } = await lossSurfaces(
      await engine(),
      await tinyPack(),
      { reference, runs: [reference], first: axis, second: axis },
    );
    assert.equal([losses[1], losses[2], losses[5]], [losses[3], losses[4], losses[7]]);
    assert.is(losses[6], losses[2]);
    assert.ok(new Set(losses).size === 5, "five sums, five losses");
  });

  test("more points than a batch holds come out the same as few", async () => {
    const [reference, run] = [await tinyRun(1), await tinyRun(2)];
    const many = Array.from({ length: 13 }, (_, i) => i - 6);
    const device = await engine();
    const pack = await tinyPack();
    const [large, small] = [
      await lossSurfaces(device, pack, { reference, runs: [run], image: 3, first: many, second: many }),
      await lossSurfaces(device, pack, { reference, runs: [run], image: 3, first: [6], second: [-6, 6] }),
    ];
    assert.is(large.surfaces[0].losses.length, 169);
    assert.equal(small.surfaces[0].losses, [large.surfaces[0].losses[12], large.surfaces[0].losses[168]]);
    assert.is(large.image, 3);
  });

  test("where no image is recognised by all, it is one that most recognise", async () => {
    const [reference, blind] = [await tinyRun(1), (await trainTiny({ epochs: 1, learningRate: 1e-6 })).run];
    const pack = await tinyPack();
    const labels = await pack.labels("validation");
    const runs = [reference, blind, blind];
    const seen = await predictions(runs, await pack.images("validation"));
    const votes = [...labels].map((label, n) => seen.filter((classes) => classes[n] === label).length);
    const { image } = await lossSurfaces(await engine(), pack, { reference, runs: [blind, blind], first, second });
    assert.is(image, votes.indexOf(Math.max(...votes)));
  });

  test("an image or a network that the pack does not have is refused; all memory is given back", async () => {
    const [device, pack, reference] = [await engine(), await tinyPack(), await tinyRun(1)];
    for (const image of [18, -1, 0.5]) {
      await refused(
        () => lossSurfaces(device, pack, { reference, runs: [reference], image }),
        new RegExp(`^${pack.path} has no validation image ${image}: they are numbered from 0 to 17\\.$`),
      );
    }
    await refused(
      () => lossSurfaces(device, pack, { reference, runs: [pack.path] }),
      /^\S+ is not a trained network: it has no run\.json\.$/,
    );
    const before = [device.gpu.allocatedBytes, device.gpu.allocatedBuffers];
    await lossSurfaces(device, await otherPack(), { reference, runs: [reference], first, second });
    assert.equal([device.gpu.allocatedBytes, device.gpu.allocatedBuffers], before);
  });
});
