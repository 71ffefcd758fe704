/** Rectifier. */
import type { Tensor } from "../tensor/graph.ts";

/** y = max(x, 0), where NaN stays NaN; the gradient at 0 is 0. */
export function relu(x: Tensor): Tensor {
  const { length } = x;
  const [y] = x.graph.add({
    operation: "relu",
    inputs: [x],
    outputs: [{ shape: x.shape, dtype: x.dtype }],
    dispatches: ([y], at) => [{
      kernel: x.graph.engine.kernels.get("relu/forward", x.dtype),
      bindings: { x: at(x), y: at(y) },
      params: { length },
      threads: [Math.ceil(length / 4)],
    }],
    backward: ([dy]) => dy ? [reluGradient(y, dy)] : [],
  });
  return y;
}

/** Where the rectified `y` is 0, 0; elsewhere `dy`. */
export function reluGradient(y: Tensor, dy: Tensor): Tensor {
  const { length } = y;
  const [dx] = y.graph.add({
    operation: "relu gradient",
    inputs: [y, dy],
    outputs: [{ shape: y.shape, dtype: y.dtype }],
    dispatches: ([dx], at) => [{
      kernel: y.graph.engine.kernels.get("relu/backward", y.dtype),
      bindings: { y: at(y), dy: at(dy), dx: at(dx) },
      params: { length },
      threads: [Math.ceil(length / 4)],
    }],
  });
  return dx;
}
