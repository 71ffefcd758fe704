/** Fig. 1: what an adversary looks like. */
import type { Picture } from "../data/picture.ts";
import { confidence, pixels } from "./format.ts";
import { type Html, markup } from "./markup.ts";
import { absent, figure, type Section } from "./page.ts";
import { amplification, image, noise } from "./pictures.ts";

/** What a network says of an image: its first class, and the softmax probability of that class in [0, 1]. */
export interface Verdict {
  label: string;
  confidence: number;
}

/** One image before and after the attack, as one network sees it. */
export interface Example {
  original: Picture;
  adversary: Picture;
  /** The true class. */
  label: string;
  /** Largest allowed change of a pixel value, 0–255. */
  epsilon: number;
  /** The network whose verdicts these are. */
  model: string;
  before: Verdict;
  after: Verdict;
}

const SIDE = 128;

/** Fig. 1 of the paper: original, noise and adversary with their classes and confidences. */
export function adversariesSection(examples: readonly Example[]): Section {
  const body = examples.length === 0 ? absent("No adversary was found, so there is none to show.") : figure(
    "Fig. 1.",
    markup`Examples of adversaries, from left to right: the original image, the adversarial noise and the resulting image,
each with the class and the confidence (softmax probability) that the network named below gives it. No pixel value changes by more
than ε. The noise is shown amplified around mid-grey, by the factor under it.`,
    markup`<div class="trios">
${examples.map(trio)}</div>`,
  );
  return { id: "attack", title: "The attack", body };
}

function trio({ original, adversary, label, epsilon, model, before, after }: Example): Html {
  const factor = amplification(epsilon);
  const strength = `ε = ${pixels(epsilon)}`;
  const difference = noise(original, adversary, factor);
  return markup`<div class="trio">
<div class="step">${image(original, `Original of class ${label}`, SIDE)}
${verdict(before, label)}</div>
<span class="operator" aria-hidden="true">+</span>
<div class="step">${image(difference, `Noise, ${strength}, amplified ${factor} times`, SIDE)}
<span class="label">noise</span><span class="note">${strength}, shown × ${factor}</span></div>
<span class="operator" aria-hidden="true">=</span>
<div class="step">${image(adversary, `Adversary of class ${label}, classified as ${after.label}`, SIDE)}
${verdict(after, label)}</div>
<p class="model">true class <b>${label}</b>, seen by ${model}</p>
</div>
`;
}

/** The class in words and a mark besides the colour, for those who cannot see the colour. */
function verdict(said: Verdict, truth: string): Html {
  const [kind, mark] = said.label === truth ? ["right", "✓"] : ["wrong", "✗"];
  return markup`<span class="label ${kind}"><span aria-hidden="true">${mark}</span> ${said.label}</span>
<span class="note">${kind}, ${confidence(said.confidence)}</span>`;
}
