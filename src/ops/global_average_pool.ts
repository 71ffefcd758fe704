/** Global average pooling (Lin et al., 2014). */
import type { Tensor } from "../tensor/graph.ts";

/** @param x [batch, height, width, channels], channels a multiple of 4 @returns [batch, channels], in f32 whatever x is */
export function globalAveragePool(x: Tensor): Tensor {
  const [batch, height, width, channels] = x.shape;
  const { kernels } = x.graph.engine;
  const params = { batch, pixels: height * width, channels };
  const [y] = x.graph.add({
    operation: "global average pool",
    inputs: [x],
    outputs: [{ shape: [batch, channels] }],
    flops: x.length,
    dispatches: ([y], at) => [{
      kernel: kernels.get("global_average_pool/forward", x.dtype),
      bindings: { x: at(x), y: at(y) },
      params,
      threads: [y.length / 4],
    }],
    backward: ([dy]) =>
      dy
        ? x.graph.add({
          operation: "global average pool gradient",
          inputs: [dy],
          outputs: [{ shape: x.shape, dtype: x.dtype }],
          flops: x.length,
          dispatches: ([dx], at) => [{
            kernel: kernels.get("global_average_pool/backward", x.dtype),
            bindings: { dy: at(dy), dx: at(dx) },
            params,
            threads: [dx.length / 4],
          }],
        })
        : [],
  });
  return y;
}
