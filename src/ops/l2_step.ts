/** The step of gradient attacks in the L2 ball. */
import type { Tensor } from "../tensor/graph.ts";
import type { StepOptions } from "./sign_step.ts";

/**
 * Π(x + step · direction), Π = projection onto the ball ‖· − original‖₂ ≤ epsilon of each image, then clipping to [0, 255].
 *
 * @param direction of length one per image; all are [batch, height, width, 4] with an empty padding channel
 */
export function l2Step(x: Tensor, direction: Tensor, original: Tensor, { step, epsilon }: StepOptions): Tensor {
  const batch = x.shape[0];
  const [y] = x.graph.add({
    operation: "L2 step",
    inputs: [x, direction, original],
    outputs: [{ shape: x.shape }],
    flops: 9 * x.length,
    dispatches: ([y], at) => [{
      kernel: x.graph.engine.kernels.get("l2_step/forward"),
      bindings: { x: at(x), direction: at(direction), original: at(original), y: at(y) },
      params: { batch, values: x.length / batch, step, epsilon },
      threads: [batch * 64],
    }],
  });
  return y;
}
