/** Superimposed images with the label of their larger part: L(Θ, x̃, y) (Seiler et al., section IV, method 1). */
import { crossEntropy } from "../../ops/cross_entropy.ts";
import { mean } from "../../ops/mean.ts";
import { mix } from "../../ops/mix.ts";
import type { Objective } from "../objective.ts";

export function mixup(): Objective {
  return ({ model, x, partner, alpha, larger }) => mean(crossEntropy(model(mix(x, partner, alpha)), larger));
}
