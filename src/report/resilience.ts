/** Accuracy on adversarial sets: the model behind Tables II and III. */
import type { Proportion } from "../assess/interval.ts";
import { type Estimate, estimate } from "../assess/spread.ts";
import { integer, percent, percentRange, pixels, plural } from "./format.ts";
import { type Html, markup } from "./markup.ts";

/** Which attacked images a set keeps; see `--filter` of the attack. */
export type Filter = "correct-then-wrong" | "wrong" | "none";

/** How an adversarial set came about. */
export interface SetOrigin {
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

/** An adversarial set with its name as a column's header: "One model", "Five models". */
export interface AdversarialSet extends SetOrigin {
  name: string;
}

/**
 * One network (no member of any ensemble) and its accuracies. Networks of one group and name differ in their seed only:
 * a table shows them in one line.
 */
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
export function emptyReason(set: SetOrigin): string {
  return set.candidates === 0
    ? "no image was held out"
    : `none of ${plural(set.candidates, "held-out image")} passed the filter`;
}

/** Networks that differ in their seed only. */
export interface Kind {
  group: string;
  name: string;
  networks: ResilienceRow[];
}

/** The kinds of network there are, in the order of their first ones. */
export function kindsOf(rows: readonly ResilienceRow[]): Kind[] {
  const kinds = new Map<string, Kind>();
  for (const row of rows) {
    const key = JSON.stringify([row.group, row.name]);
    const kind = kinds.get(key) ?? { group: row.group, name: row.name, networks: [] };
    kind.networks.push(row);
    kinds.set(key, kind);
  }
  return [...kinds.values()];
}

/** Accuracy of a kind on the adversaries of a set (column `index`), or null where the set is empty. */
function adversarial({ networks }: Kind, index: number): Estimate | null {
  return estimate(networks.map(({ cells }) => cells[index].adversarial));
}

/** The largest adversarial accuracy of a set, or null if the set is empty or has one kind of network only. */
export function bestAdversarial({ rows }: Resilience, index: number): number | null {
  const means = kindsOf(rows).flatMap((kind) => adversarial(kind, index)?.mean ?? []);
  return means.length < 2 ? null : Math.max(...means);
}

/** The strongest set in two sentences: the least and the most resilient network, and whether their intervals part. */
export function inBrief({ sets, rows }: Resilience): Html {
  const kinds = kindsOf(rows);
  const filled = sets.map((set, index) => ({ set, index })).filter(({ set, index }) =>
    set.adversarial > 0 && kinds.some((kind) => adversarial(kind, index))
  );
  if (filled.length === 0) {
    return markup`<p class="brief">No adversarial set holds any image, so nothing was assessed.</p>`;
  }
  const { set, index } = filled.reduce((a, b) => b.set.members > a.set.members ? b : a);
  const ranked = kinds.flatMap((kind) => {
    const accuracy = adversarial(kind, index);
    return accuracy ? [{ kind, accuracy }] : [];
  }).sort((a, b) => a.accuracy.mean - b.accuracy.mean);
  const [worst, best] = [ranked[0], ranked[ranked.length - 1]];
  const attack = markup`${integer(set.adversarial)} adversaries made from an ensemble of ${
    plural(set.members, "network")
  } (ε = ${pixels(set.epsilon)})`;
  if (worst === best) {
    return markup`<p class="brief">Of ${attack}, ${network(best.kind)} withstands ${share(best.accuracy)}.</p>`;
  }
  const settled = worst.accuracy.high < best.accuracy.low;
  const several = [worst, best].some(({ accuracy }) => accuracy.networks > 1);
  const ranges = several ? "ranges" : "95\u202f% intervals";
  const doubt = ` Their ${ranges} overlap, so this run alone does not settle which of the two is more resilient.`;
  return markup`<p class="brief">Of ${attack}, the least resilient network, ${network(worst.kind)}, still classifies
${share(worst.accuracy)} correctly; the most resilient one, ${network(best.kind)}, ${share(best.accuracy)}.${
    settled ? "" : doubt
  }</p>`;
}

function network({ group, name }: Kind): Html {
  return name === "" ? markup`<i>${group}</i>` : markup`<i>${group}, ${name}</i>`;
}

function share({ mean, deviation, networks, low, high }: Estimate): Html {
  const trust = deviation === null
    ? `95\u202f% interval ${percentRange(low, high)}`
    : `mean of ${plural(networks, "seed")}, ± ${percent(deviation)}`;
  return markup`<b>${percent(mean)}</b> (${trust})`;
}
