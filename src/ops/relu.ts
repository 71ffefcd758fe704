/** Rectifier. */
import type { Tensor } from "../tensor/graph.ts";

/** y = max(x, 0); the gradient at 0 is 0. */
export function relu(x: Tensor): Tensor {
  const { kernels } = x.graph.engine;
  const { length } = x;
  const [y] = x.graph.add({
    operation: "relu",
    inputs: [x],
    outputs: [{ shape: x.shape }],
    dispatches: ([y], at) => [{
      kernel: kernels.get("relu/forward"),
      bindings: { x: at(x), y: at(y) },
      params: { length },
      threads: [length],
    }],
    backward: ([dy]) =>
      dy
        ? x.graph.add({
          operation: "relu gradient",
          inputs: [y, dy],
          outputs: [{ shape: x.shape }],
          dispatches: ([dx], at) => [{
            kernel: kernels.get("relu/backward"),
            bindings: { y: at(y), dy: at(dy), dx: at(dx) },
            params: { length },
            threads: [length],
          }],
        })
        : [],
  });
  return y;
}
