import * as assert from "uvu/assert";
import type { Pack } from "../../src/data/pack.ts";
import { measureNormaliser } from "../../src/train/normaliser.ts";
import { learningRateAt } from "../../src/train/schedule.ts";
import { suite } from "../harness.ts";

/** As much of a pack as the normaliser needs: images of one pixel. */
function onePixelPack(pixels: readonly (readonly [number, number, number])[]): Pack {
  return {
    count: () => pixels.length,
    images: (_split: string, from: number, to: number) =>
      Promise.resolve(Uint8Array.from(pixels.slice(from, to).flat())),
  } as unknown as Pack;
}

suite("schedule and normaliser", (test) => {
  test("the rate rises over the first tenth of the steps, then falls along half a cosine", () => {
    const at = (step: number) => learningRateAt(0.4, step, 100);
    const known = [[0, 0.04], [4, 0.2], [9, 0.4], [10, 0.4], [40, 0.3], [55, 0.2], [70, 0.1]];
    for (const [step, rate] of known) assert.ok(Math.abs(at(step) - rate) < 1e-12, `step ${step}: ${at(step)}`);
    for (let step = 10; step < 99; step++) assert.ok(at(step) > at(step + 1) && at(step + 1) > 0);
    assert.ok(at(99) < 0.001);
    // A run too short to rise begins with the full rate.
    assert.is(learningRateAt(0.4, 0, 1), 0.4);
    assert.is(learningRateAt(0.4, 0, 10), 0.4);
  });

  test("the normaliser is the mean and deviation of each channel, to three decimals", async () => {
    const pack = onePixelPack([[0, 10, 7], [255, 20, 7], [255, 30, 7], [255, 41, 7]]);
    // Deviations: 255·√3/4; √((15.25² + 5.25² + 4.75² + 15.75²)/4); none, for which 1 stands.
    assert.equal(await measureNormaliser(pack), { mean: [191.25, 25.25, 7], std: [110.418, 11.519, 1] });
  });

  test("a large set is looked at in even steps over all of it", async () => {
    // Sorted by brightness: a look at its beginning alone would find it dark.
    const { mean } = await measureNormaliser(onePixelPack(Array.from({ length: 10240 }, (_, i) => {
      const value = Math.floor(i / 40.001);
      return [value, value, value];
    })));
    assert.ok(mean.every((value) => Math.abs(value - 127.5) < 0.5), `${mean}`);
  });
});
