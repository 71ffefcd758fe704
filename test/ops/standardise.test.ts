import { type Normaliser, standardise } from "../../src/ops/standardise.ts";
import { gradient } from "../../src/tensor/gradient.ts";
import { suite } from "../harness.ts";
import { fromFunction, map } from "../reference/array.ts";
import * as reference from "../reference/standardise.ts";
import { close, cropChannels, evaluate, normal, padChannels } from "./engine.ts";

const normaliser: Normaliser = { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] };

suite("standardise", (test) => {
  // 63, 64 and 65 pixels among them.
  for (const shape of [[1, 1, 1], [7, 3, 3], [1, 8, 8], [5, 13, 1], [3, 31, 7]]) {
    test(`forward and gradient, [${shape}, 3]`, async () => {
      const x = fromFunction([...shape, 3], (i) => (i * 89 + 7) % 256);
      const dy = normal([...shape, 3], `standardise ${shape}`);
      // Whatever reaches the padding channel from above must not come back out of it.
      const upstream = map(padChannels(dy), (value, i) => i % 4 === 3 ? 5 : value);
      const [y, dx] = await evaluate({ x: padChannels(x), upstream }, ({ x, upstream }) => {
        const y = standardise(x, normaliser);
        return [y, ...gradient(y, [x], upstream)];
      });
      close("y", cropChannels(y, 3), reference.standardise(x, normaliser.mean, normaliser.std), 3e-7);
      close("dx", cropChannels(dx, 3), reference.standardiseGradient(dy, normaliser.std), 3e-7);
    });
  }
});
