/** Gradients of length one. */
import type { Tensor } from "../tensor/graph.ts";

/**
 * gₙ / (‖gₙ‖ + 1e-12), the norm, L1 or L2, taken over all values of an image (Seiler et al., eq. 2; Dong et al., CVPR 2018,
 * eq. 6).
 */
export function normaliseGradient(g: Tensor, norm: 1 | 2 = 2): Tensor {
  const batch = g.shape[0];
  const [y] = g.graph.add({
    operation: "normalise gradient",
    inputs: [g],
    outputs: [{ shape: g.shape }],
    flops: 4 * g.length,
    dispatches: ([y], at) => [{
      kernel: g.graph.engine.kernels.get("normalise_gradient/forward"),
      bindings: { g: at(g), y: at(y) },
      params: { batch, values: g.length / batch },
      constants: { norm },
      threads: [batch * 64],
    }],
  });
  return y;
}
