/** Table II: every network against every adversarial set, beside the paper's. */
import { percent } from "./format.ts";
import { type Html, markup } from "./markup.ts";
import { absent, type Section } from "./page.ts";
import { TABLE_II } from "./paper.ts";
import { emptyReason, type Filter, type Resilience } from "./resilience.ts";
import { resilienceChart } from "./resilience_chart.ts";
import { resilienceTable, setsTable } from "./resilience_table.ts";
import { groupedTable } from "./tables.ts";

const CAPTION =
  markup`Accuracy of each network on its original data and on the adversarial sets, each with its 95\u202f% interval
and the number of images it is a share of. The attack with an ensemble of one network is the iterative fast gradient sign method.`;

const KEPT: Record<Filter, string> = {
  "correct-then-wrong":
    "A held-out image counts as adversarial if every member of the ensemble classified it correctly before the attack and " +
    "every member misclassifies it afterwards; the members need not agree on the wrong class.",
  "wrong":
    "A held-out image counts as adversarial if every member of the ensemble misclassifies it after the attack, " +
    "whatever it said before; the members need not agree on the wrong class.",
  "none": "Every attacked image is in the set, whether the attack succeeded or not.",
};

/** Table II of the paper with a chart of it, the sets it rests on, and the paper's own numbers. */
export async function table2Section(data: Resilience): Promise<Section> {
  const title = "Resilience";
  if (data.sets.length === 0 || data.rows.length === 0) {
    return { id: "resilience", title, body: absent("No network was assessed on an adversarial set.") };
  }
  const body = markup`${await overview(data)}
${resilienceTable("Table II.", CAPTION, data)}
${notes(data)}
${setsTable(data.sets)}
<div class="paper">${paperTable()}</div>`;
  return { id: "resilience", title, body };
}

async function overview(data: Resilience): Promise<Html> {
  if (data.sets.every((set) => set.adversarial === 0)) return absent("Every adversarial set is empty.");
  return markup`<figure>
${await resilienceChart(data)}
<figcaption>Table II at a glance: how far each network’s accuracy falls from the original images of a set to their adversaries.
The broad pale strokes are 95\u202f% intervals.</figcaption>
</figure>`;
}

function notes({ sets }: Resilience): Html {
  const filters = [...new Set(sets.map((set) => set.filter))];
  const empty = sets.filter((set) => set.adversarial === 0);
  return markup`<div class="notes">
<p><b>True</b> is the accuracy on the original images of an adversarial set, <b>Adv.</b> the accuracy on their adversaries, both
of networks that were in no ensemble. ${filters.map((filter) => KEPT[filter] + " ")}</p>
<p>The highest adversarial accuracy of each set is highlighted; where its interval overlaps another’s, the order of the two is
not settled. The intervals (Wilson 1927) account for the number of images only: training with another seed moves the
accuracies too.</p>
${
    empty.map((set) =>
      markup`<p>– stands for no accuracy: the set “${set.name}” is empty, because ${emptyReason(set)}.</p>\n`
    )
  }</div>`;
}

function paperTable(): Html {
  const pair = (...titles: string[]) => titles.map((title) => ({ title, note: "" }));
  const columnGroups = [
    { title: "Original data", note: "", columns: pair("Train", "Val.") },
    ...["One model", "Three models", "Five models"].map((title) => ({
      title,
      note: "",
      columns: pair("True", "Adv."),
    })),
  ];
  const rowGroups = TABLE_II.map(({ group, rows }) => ({
    title: group,
    rows: rows.map(([title, ...percentages]) => ({
      title,
      cells: percentages.map((value) => ({ content: percent(value / 100), best: false })),
    })),
  }));
  const caption = "for comparison, not results of this run: VGGNet13, 128 × 128 pixels, 100 classes, ε = 16/255.";
  return groupedTable("The paper’s Table II,", caption, columnGroups, rowGroups);
}
