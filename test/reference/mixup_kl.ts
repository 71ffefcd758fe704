/**
 * The objective of mixup-KL (paper, section IV, methods 2 and 3) on the whole network:
 * mean over images of CE(x, y) + λ·KL(p(x)‖p(x̃)), x̃ = mix(x, partner, α). Both passes use their own batch statistics;
 * only the clean one updates the running ones.
 */
import { add } from "./add.ts";
import { type NdArray, zeros } from "./array.ts";
import { crossEntropy, crossEntropyGradient } from "./cross_entropy.ts";
import { klDivergence, klDivergenceGradient } from "./kl_divergence.ts";
import { meanGradient } from "./mean.ts";
import { mix } from "./mix.ts";
import { scale } from "./scale.ts";
import { type Normaliser, type State, vgg13 } from "./vgg13.ts";

export interface MixupKlSettings {
  partner: ArrayLike<number>;
  alpha: ArrayLike<number>;
  lambda: number;
  /** Which side of the divergence carries gradient; the other is a constant. The cross-entropy always does. */
  gradient: "both" | "mixed" | "clean";
  normaliser?: Normaliser;
}

export interface MixupKlStep {
  /** Per image [N]: crossEntropy + λ·divergence, and its two parts. */
  losses: NdArray;
  crossEntropy: NdArray;
  divergence: NdArray;
  cleanLogits: NdArray;
  mixedLogits: NdArray;
  running: State;
  /** Of the mean loss. */
  gradients: State;
}

export function mixupKlStep(
  state: State,
  images: NdArray,
  labels: ArrayLike<number>,
  { partner, alpha, lambda, gradient, normaliser }: MixupKlSettings,
): MixupKlStep {
  const clean = vgg13(state, images, { mode: "training", normaliser });
  const mixed = vgg13(state, mix(images, partner, alpha), { mode: "training", normaliser });
  const entropy = crossEntropy(clean.logits, labels);
  const divergence = klDivergence(clean.logits, mixed.logits);

  const dLoss = meanGradient(1, entropy.shape);
  const dDivergence = klDivergenceGradient(scale(dLoss, lambda), clean.logits, mixed.logits);
  const detached = zeros(clean.logits.shape);
  const dClean = gradient === "mixed" ? detached : dDivergence.da;
  const dMixed = gradient === "clean" ? detached : dDivergence.db;
  const cleanGradients = clean.backward(add(crossEntropyGradient(dLoss, clean.logits, labels), dClean)).gradients;
  const mixedGradients = mixed.backward(dMixed).gradients;
  return {
    losses: add(entropy, scale(divergence, lambda)),
    crossEntropy: entropy,
    divergence,
    cleanLogits: clean.logits,
    mixedLogits: mixed.logits,
    running: clean.running,
    gradients: new Map([...cleanGradients].map(([name, array]) => [name, add(array, mixedGradients.get(name)!)])),
  };
}
