/** The tables behind "how resilient is each network": accuracies (Table II) and the sets they were counted on. */
import type { Proportion } from "../assess/interval.ts";
import { integer, pixels } from "./format.ts";
import type { Html } from "./markup.ts";
import {
  type AdversarialSet,
  bestAdversarial,
  emptyReason,
  type Resilience,
  type ResilienceRow,
} from "./resilience.ts";
import { accuracy, type ColumnGroup, groupedTable, nothing, table } from "./tables.ts";

/** Accuracy of networks on original data and on every set, "True" and "Adv."; the best "Adv." of a set stands out. */
export function resilienceTable(label: string, caption: Html, data: Resilience): Html {
  const titles = [...new Set(data.rows.map((row) => row.group))];
  const rowGroups = titles.map((title) => ({
    title,
    rows: data.rows.filter((row) => row.group === title).map((row) => ({ title: row.name, cells: cells(row, data) })),
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

function cells(row: ResilienceRow, data: Resilience) {
  const original = [row.train, row.validation].map((proportion) => ({
    content: accuracy(proportion, "not measured"),
    best: false,
  }));
  const adversarial = row.cells.flatMap((cell, index) => {
    const reason = emptyReason(data.sets[index]);
    const { correct, count } = cell.adversarial;
    return [
      { content: accuracy(cell.true, reason), best: false },
      {
        content: accuracy(cell.adversarial, reason),
        best: count > 0 && correct / count === bestAdversarial(data, index),
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
    set.filter === "correct-then-wrong"
      ? accuracy({ correct: set.adversarial, count: set.correct }, "no image was correct for every member")
      : nothing("this set is not drawn from the correct ones alone"),
    accuracy({ correct: set.adversarial, count: set.candidates }, "no image was held out"),
  ]);
  return table("How large the adversarial sets are, and how often the attack succeeded.", columns, rows);
}
