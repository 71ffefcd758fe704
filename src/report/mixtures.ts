/** Fig. 2: what the paper's defence trains on. */
import type { Picture } from "../data/picture.ts";
import { markup } from "./markup.ts";
import { absent, figure, type Section } from "./page.ts";
import { image } from "./pictures.ts";

/** One superposition, (1 − alpha)·original + alpha·partner. */
export interface Mixture {
  original: Picture;
  partner: Picture;
  mixed: Picture;
  /** The partner's weight. */
  alpha: number;
  label: string;
  partnerLabel: string;
}

const SIDE = 128;

/** Fig. 2 of the paper: the original, a randomly selected partner, and their superposition (eq. 4). */
export function mixturesSection(mixtures: readonly Mixture[]): Section {
  const body = mixtures.length === 0 ? absent("No network of this run was trained on mixed images.") : figure(
    "Fig. 2.",
    markup`The defence superimposes two images: x̃ = (1 − α) · x + α · x<sub>r</sub> (eq. 4), with a partner x<sub>r</sub> drawn
at random. The mixed image keeps the class of the original.`,
    markup`<div class="trios">
${mixtures.map(trio)}</div>`,
  );
  return { id: "defence", title: "The defence", body };
}

function trio({ original, partner, mixed, alpha, label, partnerLabel }: Mixture) {
  const weights = [(1 - alpha).toFixed(2), alpha.toFixed(2)];
  return markup`<div class="trio">
<div class="step">${image(original, `Original of class ${label}`, SIDE)}
<span class="label">${label}</span><span class="note">x, weight ${weights[0]}</span></div>
<span class="operator" aria-hidden="true">+</span>
<div class="step">${image(partner, `Partner of class ${partnerLabel}`, SIDE)}
<span class="label">${partnerLabel}</span><span class="note">x<sub>r</sub>, weight α = ${weights[1]}</span></div>
<span class="operator" aria-hidden="true">=</span>
<div class="step">${image(mixed, `Superposition of ${label} and ${partnerLabel}, trained as ${label}`, SIDE)}
<span class="label">${label}</span><span class="note">x̃, trained as ${label}</span></div>
</div>
`;
}
