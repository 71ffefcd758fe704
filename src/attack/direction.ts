/** Attack directions: where to move an image so that networks lose sight of its class. */
import type { Model } from "../nn/network.ts";
import { add } from "../ops/add.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { normaliseGradient } from "../ops/normalise_gradient.ts";
import { scale } from "../ops/scale.ts";
import { softMinimum } from "../ops/soft_minimum.ts";
import { gradient } from "../tensor/gradient.ts";
import type { Tensor } from "../tensor/graph.ts";

/** What an ensemble puts together: its gradients (Seiler et al.), or its logits, probabilities or losses (Dong et al.). */
export const fusions = ["gradients", "logits", "softmax", "loss"] as const;
export type Fusion = typeof fusions[number];

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

/** The direction of an ensemble with one fusion or another; the parameters are those of `ensembleDirection`. */
export function fusedDirection(fusion: Fusion, models: readonly Model[], x: Tensor, y: Tensor): Tensor {
  if (fusion === "gradients") return ensembleDirection(models, x, y);
  return gradient(fusedLoss(fusion, models, x, y), [x])[0];
}

/** One loss for an ensemble of K, with weights 1/K; of each image, [batch] (Dong et al., CVPR 2018, section 3.2). */
function fusedLoss(fusion: Exclude<Fusion, "gradients">, models: readonly Model[], x: Tensor, y: Tensor): Tensor {
  const logits = models.map((model) => model(x));
  const share = 1 / models.length;
  if (fusion === "logits") {
    const sum = logits.reduce((sum, member) => add(sum, member));
    return crossEntropy(scale(sum, share), y);
  }
  const losses = logits.map((member) => crossEntropy(member, y));
  return fusion === "loss"
    ? scale(losses.reduce((sum, loss) => add(sum, loss)), share)
    // −ln Σ pₖ: that of the mean, −ln Σ pₖ/K, differs by ln K only and has the same gradient.
    : losses.reduce((fused, loss) => softMinimum(fused, loss));
}
