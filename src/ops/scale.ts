/** A tensor times a constant. */
import type { Call, Tensor } from "../tensor/graph.ts";

/** y = factor · x. */
export function scale(x: Tensor, factor: number): Tensor {
  return scaled(x, factor, ([dy]) => [dy && scale(dy, factor)]);
}

/** y = x, whose gradient comes back multiplied by `factor`. */
export function scaleGradient(x: Tensor, factor: number): Tensor {
  return scaled(x, 1, ([dy]) => [dy && scale(dy, factor)]);
}

function scaled(x: Tensor, factor: number, backward: Call["backward"]): Tensor {
  const { length } = x;
  const [y] = x.graph.add({
    operation: "scale",
    inputs: [x],
    outputs: [{ shape: x.shape }],
    flops: length,
    dispatches: ([y], at) => [{
      kernel: x.graph.engine.kernels.get("scale/forward"),
      bindings: { x: at(x), y: at(y) },
      params: { length, factor },
      threads: [Math.ceil(length / 4)],
    }],
    backward,
  });
  return y;
}
