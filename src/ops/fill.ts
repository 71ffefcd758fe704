/** Constant tensors. */
import type { Graph, Tensor } from "../tensor/graph.ts";

/** A tensor whose elements all equal `value`. */
export function fill(graph: Graph, shape: readonly number[], value: number): Tensor {
  const [y] = graph.add({
    operation: "fill",
    inputs: [],
    outputs: [{ shape }],
    dispatches: ([y], at) => [{
      kernel: graph.engine.kernels.get("fill/forward"),
      bindings: { y: at(y) },
      params: { length: y.length, value },
      threads: [Math.ceil(y.length / 4)],
    }],
  });
  return y;
}
