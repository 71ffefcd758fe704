/** A table of the paper's on resilience, from its chart to the paper's own numbers: what Tables II and III have in common. */
import { type Html, markup } from "./markup.ts";
import { absent, type Section } from "./page.ts";
import type { PaperRows } from "./paper.ts";
import { emptyReason, type Filter, kindsOf, type Resilience } from "./resilience.ts";
import { resilienceChart } from "./resilience_chart.ts";
import { resilienceTable, setsTable } from "./resilience_table.ts";
import { groupedTable } from "./tables.ts";

/** What one table of the paper says, and how ours is to be introduced. */
export interface PaperTable {
  /** "Table II". */
  label: string;
  caption: Html;
  /** What the paper's numbers were measured on. */
  paperCaption: string;
  /** The paper's sets, and its percentages. */
  sets: readonly string[];
  rows: PaperRows;
}

const KEPT: Record<Filter, string> = {
  "correct-then-wrong":
    "A held-out image counts as adversarial if every member of the ensemble classified it correctly before the attack and " +
    "every member misclassifies it afterwards; the members need not agree on the wrong class.",
  "wrong":
    "A held-out image counts as adversarial if every member of the ensemble misclassifies it after the attack, " +
    "whatever it said before; the members need not agree on the wrong class.",
  "none": "Every attacked image is in the set, whether the attack succeeded or not.",
};

/** The table with a chart of it, the sets it rests on, and the paper's own numbers. */
export async function resilienceSection(
  { id, title }: Omit<Section, "body">,
  paper: PaperTable,
  data: Resilience,
): Promise<Section> {
  if (data.sets.length === 0 || data.rows.length === 0) {
    return { id, title, body: absent("No network was assessed on an adversarial set.") };
  }
  const body = markup`${await overview(paper.label, data)}
${resilienceTable(`${paper.label}.`, paper.caption, data)}
${notes(data)}
${setsTable(data.sets)}
<div class="paper">${paperTable(paper)}</div>`;
  return { id, title, body };
}

const severalSeeds = ({ rows }: Resilience) => kindsOf(rows).some(({ networks }) => networks.length > 1);

async function overview(label: string, data: Resilience): Promise<Html> {
  if (data.sets.every((set) => set.adversarial === 0)) return absent("Every adversarial set is empty.");
  const deviations = severalSeeds(data)
    ? ", or, where a network was trained with several seeds, one standard deviation either way"
    : "";
  return markup`<figure>
${await resilienceChart(data)}
<figcaption>${label} at a glance: how far each network’s accuracy falls from the original images of a set to their adversaries.
The broad pale strokes are 95\u202f% intervals${deviations}.</figcaption>
</figure>`;
}

function notes(data: Resilience): Html {
  const filters = [...new Set(data.sets.map((set) => set.filter))];
  const empty = data.sets.filter((set) => set.adversarial === 0);
  const seeds = severalSeeds(data)
    ? markup`<p>A line of several seeds shows the mean over that many networks, which differ in their seed only, and ± the sample
standard deviation between them, in percentage points; a line of one network shows the 95\u202f% interval of its own images.</p>\n`
    : "";
  return markup`<div class="notes">
<p><b>True</b> is the accuracy on the original images of an adversarial set, <b>Adv.</b> the accuracy on their adversaries, both
of networks that were in no ensemble. ${filters.map((filter) => KEPT[filter] + " ")}</p>
${seeds}<p>The highest adversarial accuracy of each set is highlighted; where its interval overlaps another’s, the order of the two is
not settled. The intervals (Wilson 1927) account for the number of images only: training with another seed moves the
accuracies too.</p>
${
    empty.map((set) =>
      markup`<p>– stands for no accuracy: the set “${set.name}” is empty, because ${emptyReason(set)}.</p>\n`
    )
  }</div>`;
}

function paperTable({ label, paperCaption, sets, rows }: PaperTable): Html {
  const group = (title: string, columns: string[]) => ({
    title,
    note: "",
    columns: columns.map((title) => ({ title, note: "" })),
  });
  const columnGroups = [group("Original data", ["Train", "Val."]), ...sets.map((set) => group(set, ["True", "Adv."]))];
  const rowGroups = rows.map(({ group, rows }) => ({
    title: group,
    rows: rows.map(([title, ...percentages]) => ({
      title,
      cells: percentages.map((value) => ({ content: printed(value) })),
    })),
  }));
  return groupedTable(`The paper’s ${label},`, paperCaption, columnGroups, rowGroups);
}

/** With the decimals it has in the paper. */
function printed(percentage: number): string {
  return `${percentage.toFixed(percentage < 0.1 ? 2 : 1)}\u202f%`;
}
