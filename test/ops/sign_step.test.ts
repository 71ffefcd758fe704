import { signStep } from "../../src/ops/sign_step.ts";
import { Random } from "../../src/random.ts";
import { suite } from "../harness.ts";
import { fromFunction, fromValues, map, type NdArray } from "../reference/array.ts";
import * as reference from "../reference/sign_step.ts";
import { cropChannels, evaluate, normal, padChannels, same } from "./engine.ts";

const image = (values: number[]): NdArray => fromValues([1, 1, values.length / 4, 4], values);

async function run(x: NdArray, direction: NdArray, original: NdArray, step: number, epsilon: number): Promise<NdArray> {
  const [y] = await evaluate(
    { x, direction, original },
    ({ x, direction, original }) => [signStep(x, direction, original, { step, epsilon })],
  );
  return y;
}

suite("sign step", (test) => {
  // 63, 64 and 65 pixels among them. Whole numbers and halves keep everything exact.
  for (
    const [shape, step, epsilon] of [[[1, 1, 1], 1, 8], [[7, 3, 3], 1, 4], [[1, 8, 8], 8, 8], [[5, 13, 1], 2.5, 4], [
      [3, 31, 7],
      300,
      0.5,
    ]] as const
  ) {
    test(`[${shape}, 3], step ${step}, epsilon ${epsilon}, exact`, async () => {
      const random = new Random(1, `sign step ${shape}`);
      const original = fromFunction([...shape, 3], () => random.integer(256));
      // Inside the ball, on its rim and outside it.
      const x = map(original, (value) => value + Math.round((random.uniform() * 3 - 1.5) * epsilon));
      const direction = map(
        normal([...shape, 3], `sign step ${shape} d`),
        (value, i) => i % 5 === 0 ? 0 : value * 1e-30,
      );
      const y = await run(padChannels(x), padChannels(direction), padChannels(original), step, epsilon);
      same("y", cropChannels(y, 3), reference.signStep(x, direction, original, step, epsilon));
    });
  }

  test("no direction: nothing moves, but what lies outside is brought back", async () => {
    const original = image([10, 100, 250, 0]);
    const y = await run(image([10, 120, 249, 0]), image([0, -0, 0, 0]), original, 4, 8);
    same("y", y, image([10, 108, 249, 0]));
  });

  test("at the rim of the ball and of the range", async () => {
    const original = image([100, 100, 3, 0, 252, 255, 0, 0]);
    const x = image([108, 92, 0, 0, 255, 250, 2, 0]);
    const y = await run(x, image([1, -1, -1, 0, 1, 1.2e-38, 1.2e-38, 0]), original, 4, 8);
    same("y", y, image([108, 92, 0, 0, 255, 254, 6, 0]));
  });

  test("the padding channel keeps what it holds", async () => {
    const y = await run(image([1, 2, 3, -5]), image([1, 1, 1, 1]), image([1, 2, 3, 400]), 1, 2);
    same("y", y, image([2, 3, 4, -5]));
  });
});
