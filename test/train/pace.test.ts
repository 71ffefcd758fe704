import * as assert from "uvu/assert";
import { measurePace, paceSchema } from "../../src/train/pace.ts";
import { passesOf } from "../../src/train/passes.ts";
import type { DefenceSettings } from "../../src/train/settings.ts";
import { suite } from "../harness.ts";
import { engine, refused } from "../ops/engine.ts";
import { tinyPack } from "./tiny.ts";

const base = { arch: "vgg13", width: 0.0625, batch: 16, seed: 1 } as const;
const defences: { name: string; defence: DefenceSettings }[] = [
  { name: "base", defence: { name: "none" } },
  { name: "ours", defence: { name: "mixup-kl", alpha: { beta: [2, 4] }, lambda: 10, klGradient: "both" } },
  { name: "pgd", defence: { name: "pgd", epsilon: 8, step: 2, steps: 3 } },
];

suite("pace", (test) => {
  test("takes turns, counts passes, and leaves nothing behind", async () => {
    const { gpu } = await engine();
    const before = [gpu.allocatedBytes, gpu.allocatedBuffers];
    const turns: string[] = [];
    const pace = await measurePace(await engine(), await tinyPack(), base, defences, {
      steps: 1,
      onProgress: (_done, _total, name) => turns.push(name),
    });
    assert.equal([gpu.allocatedBytes, gpu.allocatedBuffers], before);
    assert.equal(turns, Array.from({ length: pace.rounds }, () => ["base", "ours", "pgd"]).flat());
    assert.equal(paceSchema.parse(JSON.parse(JSON.stringify(pace))), pace);
    assert.equal(
      pace.rows.map(({ name, passes }) => [name, passes]),
      defences.map(({ name, defence }) => [
        name,
        passesOf(defence),
      ]),
    );
    assert.equal([pace.batch, pace.images, pace.steps], [16, 64, 1]);
    for (const { secondsPerStep: { low, median, high }, imagesPerSecond, secondsPerEpoch } of pace.rows) {
      assert.ok(0 < low && low <= median && median <= high);
      assert.is(imagesPerSecond, 16 / median);
      assert.is(secondsPerEpoch, 4 * median);
    }
  });

  test("refuses a batch that the pack cannot fill", async () => {
    const [device, pack] = [await engine(), await tinyPack()];
    const sentence = new RegExp(`^--batch 65 exceeds the 64 training images of ${pack.path}\\.$`);
    await refused(() => measurePace(device, pack, { ...base, batch: 65 }, defences, { steps: 1 }), sentence);
  });
});
