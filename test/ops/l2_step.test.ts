import * as assert from "uvu/assert";
import { l2Step } from "../../src/ops/l2_step.ts";
import { Random } from "../../src/random.ts";
import { suite } from "../harness.ts";
import { fromFunction, map, type NdArray } from "../reference/array.ts";
import * as reference from "../reference/l2_step.ts";
import { normaliseGradient } from "../reference/normalise_gradient.ts";
import { cropChannels, evaluate, normal, padChannels, same, single, within } from "./engine.ts";

async function run(x: NdArray, direction: NdArray, original: NdArray, step: number, epsilon: number): Promise<NdArray> {
  const [y] = await evaluate(
    { x: padChannels(x), direction: padChannels(direction), original: padChannels(original) },
    ({ x, direction, original }) => [l2Step(x, direction, original, { step, epsilon })],
  );
  return cropChannels(y, 3);
}

suite("L2 step", (test) => {
  // 60, 64 and 68 values per image among them, padding included.
  const cases = [[[1, 1, 1], 1, 8], [[7, 3, 5], 1, 4], [[1, 4, 4], 30, 8], [[5, 17, 1], 2.5, 400], [
    [3, 31, 7],
    300,
    0.5,
  ]];
  for (const [shape, step, epsilon] of cases as [number[], number, number][]) {
    test(`[${shape}, 3], step ${step}, epsilon ${epsilon}`, async () => {
      const random = new Random(1, `L2 step ${shape}`);
      const original = fromFunction([...shape, 3], () => random.integer(256));
      const values = shape[1] * shape[2] * 3;
      // Inside the ball and outside it, before the step.
      const x = single(map(original, (value) => value + random.normal() * epsilon / Math.sqrt(values)));
      const direction = single(normaliseGradient(normal([...shape, 3], `L2 step ${shape} d`)));
      const y = await run(x, direction, original, step, epsilon);
      within("y", y, reference.l2Step(x, direction, original, step, epsilon), 1e-4);
      for (let n = 0; n < shape[0]; n++) {
        const change = map(y, (value, i) => value - original.data[i]).data.subarray(n * values, (n + 1) * values);
        const length = Math.sqrt(change.reduce((sum, value) => sum + value * value, 0));
        assert.ok(length <= epsilon + 1e-4, `image ${n} has moved by ${length}`);
      }
    });
  }

  test("an image without a direction stays where it is", async () => {
    const original = map(normal([2, 2, 2, 3], "L2 still"), (value) => Math.round(100 + 10 * value));
    same("y", await run(original, map(original, () => 0), original, 1, 2), original);
  });
});
