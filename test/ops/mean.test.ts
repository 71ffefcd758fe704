import { mean } from "../../src/ops/mean.ts";
import { gradient } from "../../src/tensor/gradient.ts";
import { suite } from "../harness.ts";
import { fromValues, map } from "../reference/array.ts";
import * as reference from "../reference/mean.ts";
import { close, evaluate, normal, same } from "./engine.ts";

suite("mean", (test) => {
  for (const length of [1, 2, 63, 64, 65, 129, 4099]) {
    test(`forward and gradient of ${length} values`, async () => {
      // Shifted, so that the mean does not cancel to nearly zero.
      const x = map(normal([length], `mean ${length}`), (value) => Math.fround(value + 2));
      const dy = normal([1], `mean dy ${length}`);
      const [y, dx] = await evaluate({ x, dy }, ({ x, dy }) => {
        const y = mean(x);
        return [y, ...gradient(y, [x], dy)];
      });
      close("y", y, fromValues([1], [reference.mean(x)]), 1e-6);
      close("dx", dx, reference.meanGradient(dy.data[0], [length]), 3e-7);
    });
  }

  test("whole numbers over a power of two are exact", async () => {
    const x = { shape: [128], data: Float64Array.from({ length: 128 }, (_, i) => (i * 37) % 101) };
    const [y] = await evaluate({ x }, ({ x }) => [mean(x)]);
    same("y", y, fromValues([1], [reference.mean(x)]));
  });
});
