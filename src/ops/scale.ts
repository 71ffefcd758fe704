/** A tensor times a constant. */
import type { Tensor } from "../tensor/graph.ts";

/** y = factor · x. */
export function scale(x: Tensor, factor: number): Tensor {
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
    backward: ([dy]) => [dy && scale(dy, factor)],
  });
  return y;
}
