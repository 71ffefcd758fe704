import { globalAveragePool } from "../../src/ops/global_average_pool.ts";
import { gradient } from "../../src/tensor/gradient.ts";
import { suite } from "../harness.ts";
import * as reference from "../reference/global_average_pool.ts";
import { close, cropChannels, evaluate, normal, padChannels } from "./engine.ts";

suite("global average pool", (test) => {
  // 63, 64 and 65 vec4s of output among them.
  for (
    const shape of [[1, 1, 1, 1], [2, 7, 5, 3], [3, 11, 1, 5], [7, 2, 3, 36], [4, 4, 4, 64], [5, 1, 2, 52], [
      2,
      31,
      33,
      8,
    ]]
  ) {
    const channels = shape[3];
    test(`forward and gradient, [${shape}]`, async () => {
      const x = normal(shape, `average pool ${shape}`);
      const expected = reference.globalAveragePool(x);
      const dy = normal(expected.shape, `average pool dy ${shape}`);
      const [y, dx] = await evaluate({ x: padChannels(x), dy: padChannels(dy) }, ({ x, dy }) => {
        const y = globalAveragePool(x);
        return [y, ...gradient(y, [x], dy)];
      });
      close("y", cropChannels(y, channels), expected, 1e-6);
      close("dx", cropChannels(dx, channels), reference.globalAveragePoolGradient(dy, shape), 3e-7);
    });
  }
});
