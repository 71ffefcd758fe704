/** The step all sign-gradient attacks share. */
import type { Tensor } from "../tensor/graph.ts";

export interface StepOptions {
  /** λ, in units of 1/255 of the range. */
  step: number;
  /** ε, in the same units. */
  epsilon: number;
}

/** Π(x + step · sign(direction)), Π = clip to original ± epsilon, then to [0, 255]; all [batch, height, width, 4]. */
export function signStep(x: Tensor, direction: Tensor, original: Tensor, { step, epsilon }: StepOptions): Tensor {
  const pixels = x.length / 4;
  const [y] = x.graph.add({
    operation: "sign step",
    inputs: [x, direction, original],
    outputs: [{ shape: x.shape }],
    flops: 6 * x.length,
    dispatches: ([y], at) => [{
      kernel: x.graph.engine.kernels.get("sign_step/forward"),
      bindings: { x: at(x), direction: at(direction), original: at(original), y: at(y) },
      params: { pixels, step, epsilon },
      threads: [pixels],
    }],
  });
  return y;
}
