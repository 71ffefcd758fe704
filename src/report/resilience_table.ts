/** The tables behind "how resilient is each network": accuracies (Tables II and III) and the sets they were counted on. */
import type { Proportion } from "../assess/interval.ts";
import { estimate } from "../assess/spread.ts";
import { integer, pixels, plural } from "./format.ts";
import { type Html, markup } from "./markup.ts";
import {
  type AdversarialSet,
  bestAdversarial,
  emptyReason,
  type Kind,
  kindsOf,
  type Resilience,
  type SetOrigin,
} from "./resilience.ts";
import { accuracy, type Cell, type ColumnGroup, groupedTable, nothing, small, table } from "./tables.ts";

/** Accuracy of networks on original data and on every set, "True" and "Adv."; the best "Adv." of a set stands out. */
export function resilienceTable(label: string, caption: Html, data: Resilience): Html {
  const kinds = kindsOf(data.rows);
  const rowGroups = [...new Set(kinds.map(({ group }) => group))].map((title) => ({
    title,
    rows: kinds.filter(({ group }) => group === title).map((kind) => ({
      title: markup`${kind.name}${small(seeds(kind))}`,
      cells: cells(kind, data),
    })),
  }));
  return groupedTable(label, caption, columnGroups(data), rowGroups);
}

function columnGroups({ sets, rows }: Resilience): ColumnGroup[] {
  const original = {
    title: "Original data",
    note: "",
    columns: [
      { title: "Train", note: denominator(rows.map((row) => row.train)) },
      { title: "Val.", note: denominator(rows.map((row) => row.validation)) },
    ],
  };
  const adversarial = sets.map((set, index) => ({
    title: set.name,
    note: `ε = ${pixels(set.epsilon)}`,
    columns: [
      { title: "True", note: denominator(rows.map((row) => row.cells[index].true)) },
      { title: "Adv.", note: denominator(rows.map((row) => row.cells[index].adversarial)) },
    ],
  }));
  return [original, ...adversarial];
}

/** What the percentages of a column are shares of. */
function denominator(proportions: readonly Proportion[]): string {
  const counts = proportions.map((proportion) => proportion.count);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? `of ${integer(most)}` : `of ${integer(least)}–${integer(most)}`;
}

function seeds({ networks }: Kind): string {
  return networks.length === 1 ? "" : `mean of ${plural(networks.length, "seed")}`;
}

function cells({ networks }: Kind, data: Resilience): Cell[] {
  const original = (["train", "validation"] as const).map((split) => ({
    content: accuracy(networks.map((network) => network[split]), "not measured"),
  }));
  const adversarial = data.sets.flatMap((set, index) => {
    const reason = emptyReason(set);
    const after = networks.map(({ cells }) => cells[index].adversarial);
    return [
      { content: accuracy(networks.map(({ cells }) => cells[index].true), reason) },
      {
        content: accuracy(after, reason),
        best: estimate(after) !== null && estimate(after)?.mean === bestAdversarial(data, index),
      },
    ];
  });
  return [...original, ...adversarial];
}

/** How each set came about, with the denominators of its success rate. */
export function setsTable(sets: readonly AdversarialSet[]): Html {
  const columns = [
    { title: "Set" },
    { title: "Networks in the ensemble", number: true },
    { title: "ε", number: true },
    { title: "Held-out images", number: true },
    { title: "of them correct for every member", number: true },
    { title: "Images in the set", number: true },
    { title: "Share of the correct ones", number: true },
    { title: "Share of all held out", number: true },
  ];
  const rows = sets.map((set) => [
    set.name,
    set.members,
    pixels(set.epsilon),
    integer(set.candidates),
    integer(set.correct),
    integer(set.adversarial),
    successRate(set),
    accuracy([{ correct: set.adversarial, count: set.candidates }], "no image was held out"),
  ]);
  return table("How large the adversarial sets are, and how often the attack succeeded.", columns, rows);
}

/** The share of the images that every member classified correctly, and every one misclassifies after the attack. */
export function successRate({ filter, adversarial, correct }: SetOrigin): Html {
  return filter === "correct-then-wrong"
    ? accuracy([{ correct: adversarial, count: correct }], "no image was correct for every member")
    : nothing("this set is not drawn from the correct ones alone");
}
