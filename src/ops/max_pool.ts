/** Max pooling with stride 2. */
import type { Tensor } from "../tensor/graph.ts";

export interface MaxPoolOptions {
  /** Of the square window, 2 or 3. */
  side?: number;
  /** Pixels added on every side, which never are the maximum; fewer than half a window. */
  padding?: number;
}

/**
 * @param x [batch, height, width, channels], channels a multiple of 4
 * @returns [batch, ⌊(height + 2·padding − side) / 2⌋ + 1, likewise, channels]; the gradient goes to a window's first maximum
 * in row-major order
 */
export function maxPool(x: Tensor, { side = 2, padding = 0 }: MaxPoolOptions = {}): Tensor {
  const [batch, height, width, channels] = x.shape;
  const out = (length: number) => Math.floor((length + 2 * padding - side) / 2) + 1;
  const [outHeight, outWidth] = [out(height), out(width)];
  if (outHeight < 1 || outWidth < 1) throw new Error(`maxPool of [${x.shape}]: nothing would be left`);
  const { kernels } = x.graph.engine;
  const params = { batch, height, width, outHeight, outWidth, channels };
  const constants = { side, padding };
  const [y] = x.graph.add({
    operation: "max pool",
    inputs: [x],
    outputs: [{ shape: [batch, outHeight, outWidth, channels], dtype: x.dtype }],
    dispatches: ([y], at) => [{
      kernel: kernels.get("max_pool/forward", x.dtype),
      bindings: { x: at(x), y: at(y) },
      params,
      constants,
      threads: [y.length / 4],
    }],
    backward: ([dy]) =>
      dy
        ? x.graph.add({
          operation: "max pool gradient",
          inputs: [x, dy],
          outputs: [{ shape: x.shape, dtype: x.dtype }],
          dispatches: ([dx], at) => [{
            kernel: kernels.get("max_pool/backward", x.dtype),
            bindings: { x: at(x), dy: at(dy), dx: at(dx) },
            params,
            constants,
            threads: [batch * Math.ceil(height / 2) * Math.ceil(width / 2) * channels / 4],
          }],
        })
        : [],
  });
  return y;
}
