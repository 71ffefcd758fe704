/**
 * Training on adversaries of projected gradient descent: L(Θ, x̂, y) with x̂ ← Π(x̂ + step · sign ∇L(Θ, x̂, y)), from a random
 * start in the ε-ball (Madry et al., ICLR 2018). Every pass is normalised by its own batch statistics, as in the authors'
 * code; only the last one, on the finished adversaries, moves the running statistics.
 */
import { add } from "../../ops/add.ts";
import { clipPixels } from "../../ops/clip_pixels.ts";
import { crossEntropy } from "../../ops/cross_entropy.ts";
import { mean } from "../../ops/mean.ts";
import { noise } from "../../ops/noise.ts";
import { scale } from "../../ops/scale.ts";
import { signStep } from "../../ops/sign_step.ts";
import { gradient } from "../../tensor/gradient.ts";
import type { Tensor } from "../../tensor/graph.ts";
import type { Batch, Objective } from "../objective.ts";
import type { PgdSettings } from "../settings.ts";

export function pgd(settings: PgdSettings, seed: number): Objective {
  return (batch) => {
    const adversary = ascend(batch, settings, seed)[settings.steps];
    return mean(crossEntropy(batch.model(adversary), batch.y));
  };
}

/** The random start and the adversaries after each step, each [batch, size, size, 4]. */
export function ascend(
  { model, x, y, streams }: Pick<Batch, "model" | "x" | "y" | "streams">,
  { epsilon, step, steps }: Omit<PgdSettings, "name">,
  seed: number,
): Tensor[] {
  const start = noise(x.shape, streams, { distribution: "uniform", seed, purpose: "pgd start" });
  const iterates = [clipPixels(add(x, scale(start, epsilon)))];
  for (let i = 0; i < steps; i++) {
    const adversary = iterates[i];
    const [ascent] = gradient(crossEntropy(model(adversary, { updateStatistics: false }), y), [adversary]);
    iterates.push(signStep(adversary, ascent, x, { step, epsilon }));
  }
  return iterates;
}
