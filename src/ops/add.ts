/** Element-wise sum, with the rectifier behind it fused in where wanted. */
import type { Tensor } from "../tensor/graph.ts";
import { reluGradient } from "./relu.ts";

export interface AddOptions {
  /** Applies max(·, 0) to the sum. */
  relu?: boolean;
}

/** z = relu?(x + y), both of one shape. */
export function add(x: Tensor, y: Tensor, { relu = false }: AddOptions = {}): Tensor {
  if (x.length !== y.length) throw new Error(`add: [${x.shape}] and [${y.shape}] differ in size`);
  const { length } = x;
  const [z] = x.graph.add({
    operation: relu ? "add + relu" : "add",
    inputs: [x, y],
    outputs: [{ shape: x.shape, dtype: x.dtype }],
    flops: length,
    dispatches: ([z], at) => [{
      kernel: x.graph.engine.kernels.get("add/forward", x.dtype),
      bindings: { x: at(x), y: at(y), z: at(z) },
      params: { length },
      constants: { rectify: Number(relu) },
      threads: [Math.ceil(length / 4)],
    }],
    backward: ([dz]) => {
      const upstream = relu && dz ? reluGradient(z, dz) : dz;
      return [upstream, upstream];
    },
  });
  return z;
}
