/**
 * Stochastic gradient descent as in PyTorch's SGD (no dampening, no Nesterov):
 * g += weightDecay·w; v = momentum·v + g; w −= learningRate·v. Velocities start at zero.
 */
import { map, type NdArray } from "./array.ts";

export interface SgdSettings {
  learningRate: number;
  momentum: number;
  weightDecay: number;
}

/** Weights, velocity and gradient of one shape → the new weights and velocity; the inputs are left as they are. */
export function sgd(
  weights: NdArray,
  velocity: NdArray,
  gradient: NdArray,
  { learningRate, momentum, weightDecay }: SgdSettings,
): { weights: NdArray; velocity: NdArray } {
  const next = map(velocity, (v, i) => momentum * v + gradient.data[i] + weightDecay * weights.data[i]);
  return { weights: map(weights, (w, i) => w - learningRate * next.data[i]), velocity: next };
}
