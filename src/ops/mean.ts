/** Mean of all elements. */
import type { Tensor } from "../tensor/graph.ts";

/** The mean of all elements of `x`, shape [1]; meant for one loss per image. */
export function mean(x: Tensor): Tensor {
  const { kernels } = x.graph.engine;
  const { length } = x;
  const [y] = x.graph.add({
    operation: "mean",
    inputs: [x],
    outputs: [{ shape: [1] }],
    flops: length,
    dispatches: ([y], at) => [{
      kernel: kernels.get("mean/forward"),
      bindings: { x: at(x), y: at(y) },
      params: { length },
      threads: [1],
    }],
    backward: ([dy]) =>
      dy
        ? x.graph.add({
          operation: "mean gradient",
          inputs: [dy],
          outputs: [{ shape: x.shape }],
          dispatches: ([dx], at) => [{
            kernel: kernels.get("mean/backward"),
            bindings: { dy: at(dy), dx: at(dx) },
            params: { length },
            threads: [length],
          }],
        })
        : [],
  });
  return y;
}
