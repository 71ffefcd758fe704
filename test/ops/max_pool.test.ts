import { maxPool } from "../../src/ops/max_pool.ts";
import { gradient } from "../../src/tensor/gradient.ts";
import { suite } from "../harness.ts";
import { map } from "../reference/array.ts";
import * as reference from "../reference/max_pool.ts";
import { cropChannels, evaluate, normal, padChannels, refused, same, within } from "./engine.ts";

suite("max pool", (test) => {
  // The last two have 63 and 65 output vec4s, one less and one more than a workgroup.
  for (
    const shape of [[1, 2, 2, 1], [2, 7, 5, 3], [3, 3, 9, 5], [1, 8, 8, 16], [2, 2, 3, 68], [7, 6, 7, 4], [
      1,
      11,
      27,
      1,
    ]]
  ) {
    const channels = shape[3];
    for (const [side, padding] of [[2, 0], [3, 1]]) {
      test(`forward and gradient, [${shape}], ${side} × ${side}, with ties, exact`, async () => {
        // Whole numbers in a narrow range, so that most windows have several maxima, all of them negative in some.
        const x = map(normal(shape, `max pool ${shape}`), (value) => Math.round(value) - 1);
        const expected = reference.maxPool(x, side, padding);
        const dy = normal(expected.shape, `max pool dy ${shape}`);
        const [y, dx] = await evaluate({ x: padChannels(x), dy: padChannels(dy) }, ({ x, dy }) => {
          const y = maxPool(x, { side, padding });
          return [y, ...gradient(y, [x], dy)];
        });
        same("y", cropChannels(y, channels), expected);
        // Where windows overlap, sums of up to four values are rounded.
        within(
          "dx",
          cropChannels(dx, channels),
          reference.maxPoolGradient(dy, x, side, padding),
          side === 2 ? 0 : 2e-6,
        );
      });
    }
  }

  test("a side of one pixel is refused", () =>
    refused(
      () => evaluate({ x: normal([1, 1, 4, 4], "") }, ({ x }) => [maxPool(x)]),
      /maxPool of \[1,1,4,4\]: nothing would be left/,
    ));
});
