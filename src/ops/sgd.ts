/** Stochastic gradient descent with momentum and weight decay. */
import type { Tensor } from "../tensor/graph.ts";

export interface SgdOptions {
  momentum: number;
  weightDecay: number;
  /** How many times too large the gradients are. */
  gradientScale?: number;
}

/**
 * v ← momentum · v + (Σ g / gradientScale + weightDecay · w), w ← w − rate · v, for all parameters in one dispatch.
 *
 * @param weights flat tensor over all parameters, changed in place; a multiple of 4 values
 * @param velocities likewise
 * @param gradients [summands, ...]: flat tensors end to end, added up, whose slices the tensors of `parts` are placed in
 * @param parts the summands this step waits for
 * @param rate [1], the learning rate
 */
export function sgd(
  { weights, velocities, gradients, parts, rate }: {
    weights: Tensor;
    velocities: Tensor;
    gradients: Tensor;
    parts: readonly Tensor[];
    rate: Tensor;
  },
  { momentum, weightDecay, gradientScale = 1 }: SgdOptions,
): void {
  const { length } = weights;
  const summands = gradients.length / length;
  if (length % 4 !== 0) throw new Error(`sgd of ${length} weights: their number must be a multiple of 4`);
  weights.graph.add({
    operation: "sgd",
    inputs: [rate, ...parts],
    outputs: [],
    changes: [weights, velocities],
    flops: (6 + summands) * length,
    dispatches: (_, at) => [{
      kernel: weights.graph.engine.kernels.get("sgd/forward"),
      bindings: {
        rate: at(rate),
        gradients: at(gradients),
        velocities: at(velocities),
        weights: at(weights),
      },
      params: { length, summands, share: 1 / gradientScale, momentum, decay: weightDecay },
      threads: [length / 4],
    }],
  });
}
