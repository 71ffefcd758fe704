/** Table I: what each defence costs in training, beside the paper's. */
import { duration, integer, percent, plural, times } from "./format.ts";
import { type Html, markup, type Part } from "./markup.ts";
import { absent, type Section } from "./page.ts";
import { TABLE_I } from "./paper.ts";
import { type Column, small, table } from "./tables.ts";

/** The first row is the base model, by which the others are measured. */
export interface PaceTable {
  /** Validation accuracies, fractions in rising order. */
  thresholds: number[];
  rows: PaceRow[];
}

/** How one kind of network was trained. */
export interface PaceRow {
  title: string;
  /** Passes through the network per step. */
  forward: number;
  backward: number;
  /** Median of training alone. */
  secondsPerEpoch: number;
  imagesPerSecond: number;
  /** The best validation accuracy. */
  best: number;
  /** The first epoch, counted from 1, that reached each threshold; null where none did. */
  epochsUntil: (number | null)[];
}

/** @param accuracies validation accuracy after each epoch @returns the first epoch, from 1, that reached each threshold */
export function epochsUntil(accuracies: readonly number[], thresholds: readonly number[]): (number | null)[] {
  return thresholds.map((threshold) => {
    const index = accuracies.findIndex((accuracy) => accuracy >= threshold);
    return index < 0 ? null : index + 1;
  });
}

/** Table I of the paper. All that a clock has measured is marked as such: no two runs agree on it. */
export function table1Section({ thresholds, rows }: PaceTable): Section {
  const section = { id: "pace", title: "What a defence costs" };
  if (rows.length === 0) return { ...section, body: absent("No training was timed.") };
  const [base] = rows;
  const line = (row: PaceRow): Part[] => [
    row.title,
    row.forward,
    row.backward,
    clock(duration(row.secondsPerEpoch)),
    clock(times(row.secondsPerEpoch / base.secondsPerEpoch)),
    clock(integer(row.imagesPerSecond)),
    ...row.epochsUntil.map((epochs) => until(epochs, row)),
  ];
  const columns: Column[] = [
    { title: "Model" },
    { title: "Forward passes per step", number: true },
    { title: "Backward passes per step", number: true },
    { title: "Median time per epoch", number: true },
    { title: "× the base model’s", number: true },
    { title: "Images per second", number: true },
    ...thresholds.map(timeUntil),
  ];
  const caption =
    markup`<b class="number">Table I.</b> What each defence costs, and the time until it first reaches a validation
accuracy, with the epochs that takes in brackets.`;
  const body = markup`${table(caption, columns, rows.map(line))}
<div class="notes">
<p>Passes are counted in the compiled training step. Times are of this machine: the steps of all defences took turns in one
process, and what is shown is the median. An epoch is training alone, without validation; time until an accuracy = epochs × time
per epoch.</p>
</div>
<div class="paper">${paperTable()}</div>`;
  return { ...section, body };
}

function timeUntil(threshold: number): Column {
  return { title: `Time until ${Number((threshold * 100).toFixed(1))}\u202f%`, number: true };
}

function until(epochs: number | null, { secondsPerEpoch, best }: PaceRow): Html {
  if (epochs === null) return markup`<span class="empty" title="best: ${percent(best)}">not reached</span>`;
  return markup`<span class="value">${clock(duration(epochs * secondsPerEpoch))}</span>${
    small(`(${plural(epochs, "epoch")})`)
  }`;
}

function clock(text: string): Html {
  return markup`<span class="clock">${text}</span>`;
}

function paperTable(): Html {
  const columns: Column[] = [
    { title: "Model" },
    { title: "Median time per epoch", number: true },
    { title: "× the base model’s", number: true },
    ...[0.5, 0.6, 0.7].map(timeUntil),
  ];
  const [[, base]] = TABLE_I;
  const rows = TABLE_I.map(([model, epoch, ...untils]) => [
    model,
    duration(epoch),
    times(epoch / base),
    ...untils.map((seconds) => seconds === null ? "not reached" : duration(seconds)),
  ]);
  const caption = markup`<b class="number">The paper’s Table I,</b> for comparison, not results of this run: VGGNet13,
128 × 128 pixels, 100 classes, one Nvidia Quadro RTX 6000.`;
  return table(caption, columns, rows);
}
