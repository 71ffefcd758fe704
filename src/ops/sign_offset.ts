/** Images at a given distance along a sign, for looking at a network's loss around them. */
import type { Tensor } from "../tensor/graph.ts";

/**
 * yₙ = xₙ + amountₙ · sign(directionₙ). Nothing is clipped, and no gradient flows through it.
 *
 * @param x [batch, height, width, 4]; the fourth, padding channel stays as it is
 * @param direction the shape of x
 * @param amount [batch], in 0–255 units, of either sign
 */
export function signOffset(x: Tensor, direction: Tensor, amount: Tensor): Tensor {
  const [batch, height, width] = x.shape;
  const pixels = height * width;
  const [y] = x.graph.add({
    operation: "sign offset",
    inputs: [x, direction, amount],
    outputs: [{ shape: x.shape }],
    flops: 3 * x.length,
    dispatches: ([y], at) => [{
      kernel: x.graph.engine.kernels.get("sign_offset/forward"),
      bindings: { x: at(x), direction: at(direction), amount: at(amount), y: at(y) },
      params: { batch, pixels },
      threads: [batch * pixels],
    }],
  });
  return y;
}
