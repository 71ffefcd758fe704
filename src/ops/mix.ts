/** Superimposing images. */
import type { Tensor } from "../tensor/graph.ts";

/**
 * x̃ₙ = (1 − αₙ) · xₙ + αₙ · x_partner[n] (Seiler et al., eq. 4). No gradient flows through it.
 *
 * @param x [batch, height, width, 4]
 * @param partner [batch], u32: which image of the batch is laid over each
 * @param alpha [batch]
 */
export function mix(x: Tensor, partner: Tensor, alpha: Tensor): Tensor {
  const batch = x.shape[0];
  const values = x.length / batch;
  const [y] = x.graph.add({
    operation: "mix",
    inputs: [x, partner, alpha],
    outputs: [{ shape: x.shape }],
    flops: 3 * x.length,
    dispatches: ([y], at) => [{
      kernel: x.graph.engine.kernels.get("mix/forward"),
      bindings: { x: at(x), partner: at(partner), alpha: at(alpha), y: at(y) },
      params: { batch, values },
      threads: [x.length / 4],
    }],
  });
  return y;
}
