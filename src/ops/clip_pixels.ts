/** The range of pixels. */
import type { Tensor } from "../tensor/graph.ts";

/** Clips every value to [0, 255]. No gradient flows through it. */
export function clipPixels(x: Tensor): Tensor {
  const { length } = x;
  const [y] = x.graph.add({
    operation: "clip pixels",
    inputs: [x],
    outputs: [{ shape: x.shape }],
    flops: 2 * length,
    dispatches: ([y], at) => [{
      kernel: x.graph.engine.kernels.get("clip_pixels/forward"),
      bindings: { x: at(x), y: at(y) },
      params: { length },
      threads: [Math.ceil(length / 4)],
    }],
  });
  return y;
}
