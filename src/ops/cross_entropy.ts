/** Softmax cross-entropy. */
import type { Tensor } from "../tensor/graph.ts";

/**
 * Cross-entropy of softmax(logits) with the label, one loss per image, in nats.
 *
 * @param logits [batch, classes]
 * @param labels [batch], u32
 * @returns [batch]
 */
export function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const [batch, classes] = logits.shape;
  if (labels.length !== batch) throw new Error(`crossEntropy: ${labels.length} labels for ${batch} images`);
  const { kernels } = logits.graph.engine;
  const params = { batch, classes };
  const [losses] = logits.graph.add({
    operation: "cross-entropy",
    inputs: [logits, labels],
    outputs: [{ shape: [batch] }],
    flops: 4 * logits.length,
    dispatches: ([losses], at) => [{
      kernel: kernels.get("cross_entropy/forward"),
      bindings: { logits: at(logits), labels: at(labels), losses: at(losses) },
      params,
      threads: [batch],
    }],
    backward: ([upstream]) =>
      upstream
        ? logits.graph.add({
          operation: "cross-entropy gradient",
          inputs: [logits, labels, upstream],
          outputs: [{ shape: logits.shape }],
          flops: 6 * logits.length,
          dispatches: ([dlogits], at) => [{
            kernel: kernels.get("cross_entropy/backward"),
            bindings: { logits: at(logits), labels: at(labels), upstream: at(upstream), dlogits: at(dlogits) },
            params,
            threads: [batch],
          }],
        })
        : [],
  });
  return losses;
}
