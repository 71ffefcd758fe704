import * as assert from "uvu/assert";
import { add } from "../../src/ops/add.ts";
import { mean } from "../../src/ops/mean.ts";
import { relu } from "../../src/ops/relu.ts";
import { scale } from "../../src/ops/scale.ts";
import { signStep } from "../../src/ops/sign_step.ts";
import { gradient, gradientSummands } from "../../src/tensor/gradient.ts";
import { Graph } from "../../src/tensor/graph.ts";
import { suite } from "../harness.ts";
import { map } from "../reference/array.ts";
import { engine, evaluate, normal, refused, same } from "../ops/engine.ts";

const x = map(normal([68], "gradient x"), (value) => Math.round(8 * value));
const y = map(normal([68], "gradient y"), (value) => Math.round(8 * value));
const times = (factor: number) => map(x, () => factor);

suite("gradient", (test) => {
  test("the upstream gradient is ones unless given", async () => {
    const [dx] = await evaluate({ x }, ({ x }) => gradient(scale(x, 3), [x]));
    same("dx", dx, times(3));
    const [other] = await evaluate({ x, y }, ({ x, y }) => gradient(scale(x, 3), [x], y));
    same("dx", other, map(y, (value) => 3 * value));
  });

  test("a tensor with respect to itself has the upstream gradient", async () => {
    const [dx] = await evaluate({ x, y }, ({ x, y }) => gradient(x, [x], y));
    same("dx", dx, y);
  });

  test("every use of a tensor adds to its gradient", async () => {
    const [dx] = await evaluate({ x }, ({ x }) => gradient(add(add(x, x), add(scale(x, 4), x)), [x]));
    same("dx", dx, times(7));
  });

  test("the summands, one for each use, are left apart where they are asked for", async () => {
    const parts = await evaluate({ x }, ({ x }) => {
      const [summands] = gradientSummands(add(scale(x, 2), relu(scale(x, 3))), [x]);
      return summands;
    });
    assert.is(parts.length, 2);
    same("through the last use", parts[0], map(x, (value) => value > 0 ? 3 : 0));
    same("through the first", parts[1], times(2));
  });

  test("every path adds, through a diamond and to an inner tensor", async () => {
    const [dx, dInner] = await evaluate({ x }, ({ x }) => {
      const inner = scale(x, 2);
      const left = scale(inner, 3);
      const right = relu(inner);
      return gradient(add(add(left, right), inner), [x, inner]);
    });
    const inner = map(x, (value) => value > 0 ? 5 : 4);
    same("inner", dInner, inner);
    same("x", dx, map(inner, (value) => 2 * value));
  });

  test("gradients of several tensors, in the order asked for", async () => {
    const [dy, dx] = await evaluate({ x, y }, ({ x, y }) => gradient(add(scale(x, 2), scale(y, 5)), [y, x]));
    same("dx", dx, times(2));
    same("dy", dy, times(5));
  });

  test("of a function that holds a gradient: what was added for it is not differentiated twice", async () => {
    const [first, second] = await evaluate({ x }, ({ x }) => {
      const y = mean(scale(x, 136));
      const [first] = gradient(y, [x]);
      return [first, ...gradient(add(scale(x, 3), first), [x])];
    });
    same("first", first, times(2));
    same("second", second, times(3));
  });

  test("what no wanted gradient needs costs no nodes", async () => {
    const graph = new Graph(await engine());
    const [x, y] = [graph.input("x", [4]), graph.input("y", [4])];
    const other = scale(y, 3);
    const stopped = signStep(x, x, x, { step: 1, epsilon: 8 });
    const z = add(add(add(scale(x, 2), other), other), scale(stopped, 5));
    const before = graph.nodes.length;
    gradient(z, [x]);
    assert.equal(graph.nodes.slice(before).map(({ operation }) => operation), ["fill", "scale"]);
  });

  test("a tensor without a path is an error that names both", () =>
    refused(
      () => evaluate({ x, y }, ({ x, y }) => gradient(scale(x, 2), [x, y])),
      /gradient: scale does not depend on y/,
    ));

  test("an operation without a backward pass ends every path", async () => {
    const pixel = { shape: [1, 1, 1, 4], data: Float64Array.of(1, 2, 3, 0) };
    await refused(
      () =>
        evaluate({ pixel }, ({ pixel }) => {
          const stepped = signStep(scale(pixel, 2), pixel, pixel, { step: 1, epsilon: 8 });
          return gradient(scale(stepped, 3), [pixel]);
        }),
      /scale does not depend on pixel/,
    );
    // Beside such a path, the other one counts alone.
    const [d] = await evaluate({ pixel }, ({ pixel }) => {
      const stepped = signStep(pixel, pixel, pixel, { step: 1, epsilon: 8 });
      return gradient(add(stepped, scale(pixel, 3)), [pixel]);
    });
    same("d", d, map(pixel, () => 3));
  });

  test("tensors of two graphs do not mix", async () => {
    const [one, two] = [new Graph(await engine()), new Graph(await engine())];
    await refused(() => add(one.input("mine", [4]), two.input("theirs", [4])), /add: theirs belongs to another graph/);
  });
});
