import * as assert from "uvu/assert";
import { noise, type NoiseOptions } from "../../src/ops/noise.ts";
import { suite } from "../harness.ts";
import type { NdArray } from "../reference/array.ts";
import * as reference from "../reference/noise.ts";
import { cropChannels, evaluate, refused, same, within } from "./engine.ts";

async function run(shape: number[], streams: number[], options: NoiseOptions): Promise<NdArray> {
  const feeds = { streams: { shape: [streams.length], data: streams, dtype: "u32" as const } };
  const [y] = await evaluate(feeds, ({ streams }) => [noise(shape, streams, options)]);
  return cropChannels(y, 3);
}

const uniform = { distribution: "uniform", seed: 1, purpose: "test" } as const;
const moments = ({ data }: NdArray) => {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  return { mean, variance: data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length };
};

suite("noise", (test) => {
  // 63, 64 and 65 pixels, and a seed and streams that fill their words.
  const cases: [number[], number[], number][] = [
    [[1, 7, 9, 4], [0], 1],
    [[1, 8, 8, 4], [2 ** 32 - 1], 2 ** 32],
    [[5, 1, 13, 4], [3, 1, 3, 0, 7], 2 ** 53 - 1],
    [[2, 33, 31, 4], [1, 2], 0],
  ];
  for (const [shape, streams, seed] of cases) {
    test(`[${shape}], seed ${seed}: the host's own words, bit for bit; their normals`, async () => {
      const options = { ...uniform, seed };
      same("uniform", await run(shape, streams, options), reference.noise(shape, streams, options));
      const normal = { ...options, distribution: "normal" } as const;
      within("normal", await run(shape, streams, normal), reference.noise(shape, streams, normal), 1e-5);
    });
  }

  test("seed, purpose and stream each make other numbers; an image's do not depend on its batch", async () => {
    const shape = [1, 5, 5, 4];
    const options: [number, NoiseOptions][] = [
      [7, uniform],
      [8, uniform],
      [7, { ...uniform, seed: 2 }],
      [7, { ...uniform, purpose: "another" }],
    ];
    const found: string[] = [];
    for (const [stream, option] of options) found.push(String((await run(shape, [stream], option)).data));
    assert.is(new Set(found).size, 4);
    const { data } = await run([3, 5, 5, 4], [1, 7, 9], uniform);
    assert.is(String(data.subarray(75, 150)), found[0]);
  });

  test("mean and variance are the distributions'", async () => {
    const shape = [2, 128, 128, 4];
    const flat = moments(await run(shape, [0, 1], uniform));
    assert.ok(Math.abs(flat.mean) < 0.01 && Math.abs(flat.variance - 1 / 3) < 0.01, JSON.stringify(flat));
    const bell = moments(await run(shape, [0, 1], { ...uniform, distribution: "normal" }));
    assert.ok(Math.abs(bell.mean) < 0.015 && Math.abs(bell.variance - 1) < 0.02, JSON.stringify(bell));
  });

  test("a shape without four channels, and too few streams, are refused", async () => {
    await refused(() => run([1, 2, 2, 3], [0], uniform), /noise of \[1,2,2,3\]/);
    await refused(() => run([2, 2, 2, 4], [0], uniform), /from 1 streams/);
  });
});
