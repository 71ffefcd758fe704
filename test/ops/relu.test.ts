import * as assert from "uvu/assert";
import { relu } from "../../src/ops/relu.ts";
import { gradient } from "../../src/tensor/gradient.ts";
import { suite } from "../harness.ts";
import { map } from "../reference/array.ts";
import * as reference from "../reference/relu.ts";
import { evaluate, normal, same } from "./engine.ts";

suite("relu", (test) => {
  for (const shape of [[1], [63], [64], [65], [257], [3, 7, 5, 4]]) {
    test(`forward and gradient, [${shape}], exact`, async () => {
      // Every third value is exactly zero, where the gradient is 0.
      const x = map(normal(shape, `relu ${shape}`), (value, i) => i % 3 === 1 ? 0 : value);
      const dy = normal(shape, `relu dy ${shape}`);
      const [y, dx] = await evaluate({ x, dy }, ({ x, dy }) => {
        const y = relu(x);
        return [y, ...gradient(y, [x], dy)];
      });
      same("y", y, reference.relu(x));
      same("dx", dx, reference.reluGradient(dy, x));
    });
  }

  test("NaN and infinity come through, both ways", async () => {
    const x = { shape: [6], data: Float64Array.of(NaN, -1, Infinity, -Infinity, 2, NaN) };
    const dy = { shape: [6], data: Float64Array.of(1, NaN, 3, 4, NaN, 6) };
    const [y, dx] = await evaluate({ x, dy }, ({ x, dy }) => {
      const y = relu(x);
      return [y, ...gradient(y, [x], dy)];
    });
    assert.equal(Array.from(y.data), [NaN, 0, Infinity, 0, 2, NaN]);
    assert.equal(Array.from(dx.data), [1, 0, 3, 0, NaN, 6]);
  });
});
