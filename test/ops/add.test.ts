import * as assert from "uvu/assert";
import { add } from "../../src/ops/add.ts";
import { gradient } from "../../src/tensor/gradient.ts";
import { suite } from "../harness.ts";
import * as reference from "../reference/add.ts";
import { map } from "../reference/array.ts";
import { relu, reluGradient } from "../reference/relu.ts";
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

  for (const shape of [[1], [63], [64], [65], [3, 7, 5, 4]]) {
    test(`rectified sum and both gradients, [${shape}], exact`, async () => {
      const [x, other, dz] = ["x", "y", "dz"].map((name) => normal(shape, `add relu ${shape} ${name}`));
      // Every third sum is exactly zero, where the gradient is 0.
      const y = map(other, (value, i) => i % 3 === 1 ? -x.data[i] : value);
      const [z, dx, dy] = await evaluate({ x, y, dz }, ({ x, y, dz }) => {
        const z = add(x, y, { relu: true });
        return [z, ...gradient(z, [x, y], dz)];
      });
      const sum = reference.add(x, y);
      same("z", z, single(relu(sum)));
      same("dx", dx, reluGradient(dz, sum));
      same("dy", dy, reluGradient(dz, sum));
    });
  }

  test("NaN comes through the rectifier", async () => {
    const x = { shape: [5], data: Float64Array.of(NaN, -1, 2, Infinity, 3) };
    const y = { shape: [5], data: Float64Array.of(1, NaN, 3, -Infinity, -4) };
    const [z] = await evaluate({ x, y }, ({ x, y }) => [add(x, y, { relu: true })]);
    assert.equal(Array.from(z.data), [NaN, NaN, 5, NaN, 0]);
  });

  test("tensors of different sizes are refused", () =>
    refused(
      () => evaluate({ x: normal([4], ""), y: normal([5], "") }, ({ x, y }) => [add(x, y)]),
      /add: \[4\] and \[5\] differ/,
    ));
});
