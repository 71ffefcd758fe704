import { add } from "../../src/ops/add.ts";
import { gradient } from "../../src/tensor/gradient.ts";
import { suite } from "../harness.ts";
import * as reference from "../reference/add.ts";
import { evaluate, normal, refused, same, single } from "./engine.ts";

suite("add", (test) => {
  for (const shape of [[1], [63], [64], [65], [3, 7, 5, 4]]) {
    test(`sum and both gradients, [${shape}], exact`, async () => {
      const [x, y, dz] = ["x", "y", "dz"].map((name) => normal(shape, `add ${shape} ${name}`));
      const [z, dx, dy] = await evaluate({ x, y, dz }, ({ x, y, dz }) => {
        const z = add(x, y);
        return [z, ...gradient(z, [x, y], dz)];
      });
      same("z", z, single(reference.add(x, y)));
      same("dx", dx, dz);
      same("dy", dy, dz);
    });
  }

  test("tensors of different sizes are refused", () =>
    refused(
      () => evaluate({ x: normal([4], ""), y: normal([5], "") }, ({ x, y }) => [add(x, y)]),
      /add: \[4\] and \[5\] differ/,
    ));
});
