/**
 * Superimposed images as a regulariser: L(Θ, x, y) + λ · KL(ŷ ‖ ỹ) (Seiler et al., section IV, methods 2 and 3).
 * Each pass is normalised by its own batch statistics; only the clean one moves the running statistics.
 */
import { add } from "../../ops/add.ts";
import { crossEntropy } from "../../ops/cross_entropy.ts";
import { klDivergence, type KlGradient } from "../../ops/kl_divergence.ts";
import { mean } from "../../ops/mean.ts";
import { mix } from "../../ops/mix.ts";
import { scale } from "../../ops/scale.ts";
import type { Objective } from "../objective.ts";

export function mixupKl({ lambda, klGradient }: { lambda: number; klGradient: KlGradient }): Objective {
  return ({ model, x, y, partner, alpha }) => {
    const clean = model(x);
    const mixed = model(mix(x, partner, alpha), { updateStatistics: false });
    const divergence = mean(klDivergence(clean, mixed, klGradient));
    return add(mean(crossEntropy(clean, y)), scale(divergence, lambda));
  };
}
