/**
 * Virtual adversarial training: L(Θ, x, y) + λ · KL(p(x) ‖ p(x + r)), r = ε · d̂, where d̂ is the direction in which the
 * prediction changes most, found by power iterations d ← ∇ KL(p(x) ‖ p(x + ξ · d̂)) from a random one; p(x) counts as a constant
 * (Miyato et al., ICLR 2016 and TPAMI 2018). As in the authors' code every pass is normalised by its own batch
 * statistics, only the clean one moves the running statistics, and x + r is not clipped to the pixel range.
 */
import { add } from "../../ops/add.ts";
import { crossEntropy } from "../../ops/cross_entropy.ts";
import { klDivergence } from "../../ops/kl_divergence.ts";
import { mean } from "../../ops/mean.ts";
import { noise } from "../../ops/noise.ts";
import { normaliseGradient } from "../../ops/normalise_gradient.ts";
import { scale } from "../../ops/scale.ts";
import { gradient } from "../../tensor/gradient.ts";
import type { Tensor } from "../../tensor/graph.ts";
import type { Batch, Objective } from "../objective.ts";
import type { VatSettings } from "../settings.ts";

export function vat(settings: VatSettings, seed: number): Objective {
  const { epsilon, steps, lambda } = settings;
  return (batch) => {
    const { model, x, y } = batch;
    const clean = model(x);
    const direction = directions(batch, clean, settings, seed)[steps];
    const adversary = add(x, scale(direction, lengthInPixels(epsilon, x)));
    const perturbed = model(adversary, { updateStatistics: false });
    const divergence = mean(klDivergence(clean, perturbed, "mixed"));
    return add(mean(crossEntropy(clean, y)), scale(divergence, lambda));
  };
}

/**
 * d̂ at the start and after each power iteration, of length one per image, each [batch, size, size, 4].
 *
 * @param xi the shorter, the more the divergence cancels in f32; the longer, the further from the derivative that is meant.
 * On random networks 0.1 gives float64's direction to 1.4e-4 in the first iteration and 1e-5 in those behind it
 * (0.001: 7e-3); 1 probes so far off that the result has little in common with the derivative's (cosine 0.03 to 0.7).
 */
export function directions(
  { model, x, streams }: Pick<Batch, "model" | "x" | "streams">,
  clean: Tensor,
  { xi, steps }: Pick<VatSettings, "xi" | "steps">,
  seed: number,
): Tensor[] {
  const start = noise(x.shape, streams, { distribution: "normal", seed, purpose: "vat direction" });
  const found = [normaliseGradient(start)];
  for (let i = 0; i < steps; i++) {
    const direction = found[i];
    const nearby = model(add(x, scale(direction, lengthInPixels(xi, x))), { updateStatistics: false });
    const [ascent] = gradient(klDivergence(clean, nearby, "mixed"), [direction]);
    found.push(normaliseGradient(ascent));
  }
  return found;
}

/** The side of the paper's images: what its ε is meant for. */
const paperSize = 128;

/**
 * An L2 length given for 128 × 128 × 3 values in [0, 1], in 0–255 units and for images of another size: the root mean
 * square per value stays the same, so that a perturbation looks as strong at every size.
 */
export function lengthInPixels(length: number, { shape: [, size] }: Tensor): number {
  return length * 255 * size / paperSize;
}
