import { mix } from "../../src/ops/mix.ts";
import { Random } from "../../src/random.ts";
import { gradient } from "../../src/tensor/gradient.ts";
import { suite } from "../harness.ts";
import { map, type NdArray } from "../reference/array.ts";
import * as reference from "../reference/mix.ts";
import { close, evaluate, normal, refused, same, single } from "./engine.ts";

async function run(x: NdArray, partner: ArrayLike<number>, alpha: NdArray): Promise<NdArray> {
  const feeds = { x, alpha, partner: { shape: [partner.length], data: partner, dtype: "u32" as const } };
  const [y] = await evaluate(feeds, ({ x, partner, alpha }) => [mix(x, partner, alpha)]);
  return y;
}

suite("mix", (test) => {
  // 63, 64 and 65 pixels among them.
  for (const shape of [[1, 1, 1, 4], [7, 3, 3, 4], [4, 4, 4, 4], [5, 13, 1, 4], [11, 7, 5, 4]]) {
    test(`[${shape}]`, async () => {
      const random = new Random(1, `mix ${shape}`);
      const x = single(map(normal(shape, `mix ${shape}`), (value) => 128 + 40 * value));
      const partner = Uint32Array.from({ length: shape[0] }, () => random.integer(shape[0]));
      const alpha = single({ shape: [shape[0]], data: Float64Array.from(partner, () => random.beta(2, 3)) });
      close("y", await run(x, partner, alpha), reference.mix(x, partner, alpha.data), 2e-7);
    });
  }

  test("α = 0 leaves the image, α = 1 gives its partner, α = 0.5 their middle, exact", async () => {
    const x = map(normal([3, 2, 5, 4], "mix ends"), (value) => Math.round(40 * value));
    const alpha = { shape: [3], data: Float64Array.of(0, 1, 0.5) };
    same("y", await run(x, [1, 2, 0], alpha), reference.mix(x, [1, 2, 0], alpha.data));
  });

  test("no gradient flows through it", () =>
    refused(
      () =>
        evaluate(
          { x: normal([2, 1, 1, 4], ""), alpha: normal([2], ""), partner: { shape: [2], data: [1, 0], dtype: "u32" } },
          ({ x, partner, alpha }) => gradient(mix(x, partner, alpha), [x]),
        ),
      /mix does not depend on x/,
    ));
});
