import { fill } from "../../src/ops/fill.ts";
import { suite } from "../harness.ts";
import { fromFunction } from "../reference/array.ts";
import { evaluate, same } from "./engine.ts";

suite("fill", (test) => {
  for (const [length, value] of [[1, 0.1], [63, -7], [64, 1e-30], [65, 3e38]]) {
    test(`${length} values of ${value}, exact`, async () => {
      // A tensor that held something else before: the input is the graph's only reason to exist.
      const [y] = await evaluate({ x: { shape: [1], data: [5] } }, ({ x }) => [fill(x.graph, [length], value)]);
      same("y", y, fromFunction([length], () => Math.fround(value)));
    });
  }
});
