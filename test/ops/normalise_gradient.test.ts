import { normaliseGradient } from "../../src/ops/normalise_gradient.ts";
import { suite } from "../harness.ts";
import { map, type NdArray } from "../reference/array.ts";
import * as reference from "../reference/normalise_gradient.ts";
import { close, evaluate, normal, padChannels, same, single } from "./engine.ts";

async function run(g: NdArray, norm: 1 | 2 = 2): Promise<NdArray> {
  const [y] = await evaluate({ g }, ({ g }) => [normaliseGradient(g, norm)]);
  return y;
}

suite("normalise gradient", (test) => {
  // 63, 64 and 65 values per image, and one with several per lane, among them.
  for (const shape of [[1, 1], [3, 63], [1, 64], [2, 65], [5, 7, 5, 3], [2, 33, 31, 3]]) {
    test(`[${shape}]`, async () => {
      const g = normal(shape, `normalise ${shape}`);
      for (const norm of [1, 2] as const) {
        close(`L${norm}`, await run(g, norm), reference.normaliseGradient(g, norm), 1e-6);
      }
    });
  }

  test("the largest value may be negative, or the last", async () => {
    const g = single(map(normal([3, 65], "normalise peak"), (value, i) => i === 70 ? -1e15 : i === 194 ? 1e15 : value));
    close("y", await run(g), reference.normaliseGradient(g), 1e-6);
  });

  // The padding channel is there because every image has one: zeros beside tiny values.
  for (const [factor, tolerance] of [[1e-12, 1e-6], [1e-20, 1e-6], [1e-37, 1e-6], [1e20, 1e-6], [1e37, 1e-6]]) {
    test(`gradients near ${factor}`, async () => {
      // Below 1.2e-38 an adapter may take numbers for 0.
      const drawn = map(normal([2, 5, 7, 3], `normalise ${factor}`), (value) => {
        return factor * Math.sign(value) * Math.max(Math.abs(value), 0.2);
      });
      const g = padChannels(single(drawn));
      close("y", await run(g), reference.normaliseGradient(g), tolerance);
    });
  }

  test("gradients that f32 barely holds or flushes to zero give a finite result", async () => {
    const g = padChannels(single(map(normal([2, 5, 7, 3], "normalise subnormal"), (value) => 1e-40 * value)));
    const y = await run(g);
    if (!y.data.every((value) => Math.abs(value) < 1e-26)) throw new Error(`${y.data.slice(0, 8)} …`);
  });

  test("an image without a gradient stays zero beside one that has one", async () => {
    const g = map(normal([2, 70], "normalise zero"), (value, i) => i < 70 ? 0 : value);
    const y = await run(g);
    same(
      "zeros",
      { shape: [70], data: y.data.slice(0, 70) },
      map({ shape: [70], data: new Float64Array(70) }, () => 0),
    );
    close("the other", y, reference.normaliseGradient(g), 1e-6);
  });
});
