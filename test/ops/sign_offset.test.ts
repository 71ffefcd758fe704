import { signOffset } from "../../src/ops/sign_offset.ts";
import { Random } from "../../src/random.ts";
import { suite } from "../harness.ts";
import { fromFunction, fromValues, map, type NdArray } from "../reference/array.ts";
import * as reference from "../reference/sign_offset.ts";
import { cropChannels, evaluate, normal, padChannels, same } from "./engine.ts";

async function run(x: NdArray, direction: NdArray, amount: NdArray): Promise<NdArray> {
  const [y] = await evaluate(
    { x, direction, amount },
    ({ x, direction, amount }) => [signOffset(x, direction, amount)],
  );
  return y;
}

suite("sign offset", (test) => {
  // 63, 64 and 65 pixels among them. Whole numbers and halves keep everything exact.
  for (const shape of [[1, 1, 1], [7, 3, 3], [4, 4, 4], [5, 13, 1], [3, 31, 7]]) {
    test(`[${shape}, 3], exact, far outside the range of pixels too`, async () => {
      const random = new Random(1, `sign offset ${shape}`);
      const x = fromFunction([...shape, 3], () => random.integer(256));
      const direction = map(normal(x.shape, `sign offset ${shape} d`), (value, i) => i % 5 === 0 ? 0 : value * 1e-30);
      const amount = fromFunction([shape[0]], (n) => n === 1 ? 0 : (random.integer(1200) - 600) / 2);
      const y = await run(padChannels(x), padChannels(direction), amount);
      same("y", cropChannels(y, 3), reference.signOffset(x, direction, amount.data));
    });
  }

  test("the padding channel keeps what it holds", async () => {
    const image = (values: number[]) => fromValues([1, 1, 1, 4], values);
    same("y", await run(image([1, 2, 3, -5]), image([1, -1, 0, 1]), fromValues([1], [4])), image([5, -2, 3, -5]));
  });
});
