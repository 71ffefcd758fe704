/** Rectifier. */
import type { Tensor } from "../tensor/graph.ts";

/** y = max(x, 0); the gradient at 0 is 0. @param x a multiple of 4 values, as activations have */
export function relu(x: Tensor): Tensor {
  const { length } = x;
  if (length % 4 !== 0) throw new Error(`relu of [${x.shape}]: its length must be a multiple of 4`);
  const [y] = x.graph.add({
    operation: "relu",
    inputs: [x],
    outputs: [{ shape: x.shape }],
    dispatches: ([y], at) => [{
      kernel: x.graph.engine.kernels.get("relu/forward"),
      bindings: { x: at(x), y: at(y) },
      params: { length },
      threads: [length / 4],
    }],
    backward: ([dy]) => dy ? [reluGradient(y, dy)] : [],
  });
  return y;
}

/** Where the rectified `y` is above 0, `dy`; elsewhere 0. */
export function reluGradient(y: Tensor, dy: Tensor): Tensor {
  const { length } = y;
  const [dx] = y.graph.add({
    operation: "relu gradient",
    inputs: [y, dy],
    outputs: [{ shape: y.shape }],
    dispatches: ([dx], at) => [{
      kernel: y.graph.engine.kernels.get("relu/backward"),
      bindings: { y: at(y), dy: at(dy), dx: at(dx) },
      params: { length },
      threads: [length / 4],
    }],
  });
  return dx;
}
