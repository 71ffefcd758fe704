/** Element-wise sum. */
import type { Tensor } from "../tensor/graph.ts";

/** z = x + y, both of one shape. */
export function add(x: Tensor, y: Tensor): Tensor {
  if (x.length !== y.length) throw new Error(`add: [${x.shape}] and [${y.shape}] differ in size`);
  const { length } = x;
  const [z] = x.graph.add({
    operation: "add",
    inputs: [x, y],
    outputs: [{ shape: x.shape }],
    flops: length,
    dispatches: ([z], at) => [{
      kernel: x.graph.engine.kernels.get("add/forward"),
      bindings: { x: at(x), y: at(y), z: at(z) },
      params: { length },
      threads: [Math.ceil(length / 4)],
    }],
    backward: ([dz]) => [dz, dz],
  });
  return z;
}
