/** Accuracy on adversarial sets: the model behind Table II, and later behind every table of its shape. */
import { type Proportion, wilson } from "../assess/interval.ts";
import { integer, percent, percentRange, pixels, plural } from "./format.ts";
import { type Html, markup } from "./markup.ts";

/** Which attacked images a set keeps; see `--filter` of the attack. */
export type Filter = "correct-then-wrong" | "wrong" | "none";

/** An adversarial set and what it was made from. */
export interface AdversarialSet {
  /** As a column's header: "One model", "Five models". */
  name: string;
  /** Networks in the ensemble. */
  members: number;
  /** Largest allowed change of a pixel value, 0–255. */
  epsilon: number;
  filter: Filter;
  /** Held-out images there were. */
  candidates: number;
  /** Of those, the ones that every member classified correctly before the attack. */
  correct: number;
  /** Images the set holds: by the default filter, those of `correct` that every member then misclassified. */
  adversarial: number;
}

/** One network (no member of any ensemble) and its accuracies. */
export interface ResilienceRow {
  /** The kind of network, a heading above its rows: "Base model", "Mixup-KL". */
  group: string;
  /** What tells it apart within its group. */
  name: string;
  train: Proportion;
  validation: Proportion;
  /** One per set, in the sets' order: on the set's originals and on its adversaries. */
  cells: { true: Proportion; adversarial: Proportion }[];
}

/** Networks against adversarial sets. */
export interface Resilience {
  sets: AdversarialSet[];
  rows: ResilienceRow[];
}

/** Why a cell has no accuracy. */
export function emptyReason(set: AdversarialSet): string {
  return set.candidates === 0
    ? "no image was held out"
    : `none of ${plural(set.candidates, "held-out image")} passed the filter`;
}

/** The largest adversarial accuracy of a set (column `index`), or null if the set is empty or has one network only. */
export function bestAdversarial({ rows }: Resilience, index: number): number | null {
  const fractions = rows.map((row) => row.cells[index].adversarial).filter(({ count }) => count > 0)
    .map(({ correct, count }) => correct / count);
  return fractions.length < 2 ? null : Math.max(...fractions);
}

/** The strongest set in two sentences: the least and the most resilient network, and whether their intervals part. */
export function inBrief({ sets, rows }: Resilience): Html {
  const filled = sets.map((set, index) => ({ set, index })).filter(({ set, index }) =>
    set.adversarial > 0 && rows.some((row) => row.cells[index].adversarial.count > 0)
  );
  if (filled.length === 0) {
    return markup`<p class="brief">No adversarial set holds any image, so nothing was assessed.</p>`;
  }
  const { set, index } = filled.reduce((a, b) => b.set.members > a.set.members ? b : a);
  const ranked = rows.map((row) => ({ row, ...row.cells[index].adversarial })).filter(({ count }) => count > 0)
    .sort((a, b) => a.correct / a.count - b.correct / b.count);
  const [worst, best] = [ranked[0], ranked[ranked.length - 1]];
  const attack = markup`${integer(set.adversarial)} adversaries made from an ensemble of ${
    plural(set.members, "network")
  } (ε = ${pixels(set.epsilon)})`;
  if (worst === best) return markup`<p class="brief">Of ${attack}, ${network(best.row)} withstands ${share(best)}.</p>`;
  const settled = wilson(worst.correct, worst.count).high < wilson(best.correct, best.count).low;
  const doubt =
    " Their 95\u202f% intervals overlap, so this run alone does not settle which of the two is more resilient.";
  return markup`<p class="brief">Of ${attack}, the least resilient network, ${network(worst.row)}, still classifies
${share(worst)} correctly; the most resilient one, ${network(best.row)}, ${share(best)}.${settled ? "" : doubt}</p>`;
}

function network({ group, name }: ResilienceRow): Html {
  return name === "" ? markup`<i>${group}</i>` : markup`<i>${group}, ${name}</i>`;
}

function share({ correct, count }: Proportion): Html {
  const { low, high } = wilson(correct, count);
  return markup`<b>${percent(correct / count)}</b> (95\u202f% interval ${percentRange(low, high)})`;
}
