/** Attack directions: where to move an image so that networks lose sight of its class. */
import type { Model } from "../nn/network.ts";
import { add } from "../ops/add.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { normaliseGradient } from "../ops/normalise_gradient.ts";
import { gradient } from "../tensor/gradient.ts";
import type { Tensor } from "../tensor/graph.ts";

/**
 * The gradient ensemble's direction: Σₖ ∇ₓL(Θₖ, x, y) / ‖∇ₓL(Θₖ, x, y)‖₂, each norm taken per image, so that every network
 * has the same say (Seiler et al., eq. 2 and the sum in eq. 3).
 *
 * @param x [batch, size, size, 4] @param y labels, [batch] @returns the shape of x
 */
export function ensembleDirection(models: readonly Model[], x: Tensor, y: Tensor): Tensor {
  return models
    .map((model) => normaliseGradient(gradient(crossEntropy(model(x), y), [x])[0]))
    .reduce((sum, direction) => add(sum, direction));
}
