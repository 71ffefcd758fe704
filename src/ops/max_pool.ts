/** Max pooling, 2 × 2 with stride 2. */
import type { Tensor } from "../tensor/graph.ts";

/**
 * @param x [batch, height, width, channels], height and width at least 2, channels a multiple of 4
 * @returns [batch, ⌊height/2⌋, ⌊width/2⌋, channels]; the gradient goes to a window's first maximum in row-major order
 */
export function maxPool(x: Tensor): Tensor {
  const [batch, height, width, channels] = x.shape;
  if (height < 2 || width < 2) throw new Error(`maxPool of [${x.shape}]: nothing would be left`);
  const outHeight = Math.floor(height / 2);
  const outWidth = Math.floor(width / 2);
  const { kernels } = x.graph.engine;
  const params = { batch, height, width, outHeight, outWidth, channels };
  const [y] = x.graph.add({
    operation: "max pool",
    inputs: [x],
    outputs: [{ shape: [batch, outHeight, outWidth, channels] }],
    dispatches: ([y], at) => [{
      kernel: kernels.get("max_pool/forward"),
      bindings: { x: at(x), y: at(y) },
      params,
      threads: [y.length / 4],
    }],
    backward: ([dy]) =>
      dy
        ? x.graph.add({
          operation: "max pool gradient",
          inputs: [x, dy],
          outputs: [{ shape: x.shape }],
          dispatches: ([dx], at) => [{
            kernel: kernels.get("max_pool/backward"),
            bindings: { x: at(x), dy: at(dy), dx: at(dx) },
            params,
            threads: [batch * Math.ceil(height / 2) * Math.ceil(width / 2) * channels / 4],
          }],
        })
        : [],
  });
  return y;
}
