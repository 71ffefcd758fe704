import { relu } from "../../src/ops/relu.ts";
import { gradient } from "../../src/tensor/gradient.ts";
import { suite } from "../harness.ts";
import { map } from "../reference/array.ts";
import * as reference from "../reference/relu.ts";
import { evaluate, normal, refused, same } from "./engine.ts";

suite("relu", (test) => {
  for (const shape of [[4], [252], [256], [260], [3, 7, 5, 4]]) {
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

  test("a length that is no multiple of 4 is refused", () =>
    refused(
      () => evaluate({ x: normal([3, 5], "") }, ({ x }) => [relu(x)]),
      /relu of \[3,5\]: its length must be a multiple of 4/,
    ));
});
