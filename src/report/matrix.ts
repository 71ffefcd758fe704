/** The full transfer matrix: which networks are fooled by the adversaries of which others, for every ε. */
import { estimate } from "../assess/spread.ts";
import { integer, percent, pixels } from "./format.ts";
import { type Html, markup } from "./markup.ts";
import { transferChart } from "./matrix_chart.ts";
import { absent, figure, type Section } from "./page.ts";
import { emptyReason } from "./resilience.ts";
import { successRate } from "./resilience_table.ts";
import { type Cell, counts, groupedTable, heatScale, nothing, small, table } from "./tables.ts";
import { type AssessedCell, cellsOf, groupsOf, type Transfer, type TransferSet } from "./transfer.ts";

/** The transfer matrix for each ε, accuracy against ε as a chart, and the attack's success rates. */
export async function matrixSection(data: Transfer): Promise<Section> {
  const section = { id: "transfer", title: "Transfer" };
  if (data.sets.length === 0 || data.victims.length === 0) {
    return { ...section, body: absent("No network was assessed on an adversarial set.") };
  }
  const epsilons = epsilonsOf(data.sets);
  const body = markup`${legend(data)}
${heatScale("of a set’s adversaries still classified correctly: the stronger the colour, the more of them transfer")}
<div class="compact">
${epsilons.map((epsilon) => matrix(epsilon, data))}</div>
${await overview(epsilons, data)}
${successTable(epsilons, data.sets)}`;
  return { ...section, body };
}

function epsilonsOf(sets: readonly TransferSet[]): number[] {
  return [...new Set(sets.map(({ epsilon }) => epsilon))].sort((a, b) => a - b);
}

function matrix(epsilon: number, { sets, victims }: Transfer): Html {
  const chosen = sets.map((set, index) => ({ set, index })).filter(({ set }) => set.epsilon === epsilon);
  const columns = [...Map.groupBy(chosen, ({ set }) => set.architecture)];
  const order = columns.flatMap(([, column]) => column);
  const columnGroups = columns.map(([title, column]) => ({
    title,
    note: "",
    columns: column.map(({ set }) => ({
      title: `× ${integer(set.members)}`,
      note: `n = ${integer(set.adversarial)}`,
    })),
  }));
  const rowGroups = [...Map.groupBy(groupsOf(victims), ({ architecture }) => architecture)].map(([title, groups]) => ({
    title,
    rows: groups.map((group) => ({
      title: group.kind,
      cells: order.map(({ set, index }) => cell(cellsOf(group, index), set)),
    })),
  }));
  return groupedTable(`ε = ${pixels(epsilon)}.`, "Accuracy on the adversaries of every set.", columnGroups, rowGroups);
}

function cell(cells: readonly AssessedCell[], set: TransferSet): Cell {
  if (cells.length === 0) return { content: nothing("every such network was in the ensemble") };
  const after = cells.map(({ adversarial }) => adversarial);
  const [found, before] = [estimate(after), estimate(cells.map((cell) => cell.true))];
  if (!found || !before) return { content: nothing(emptyReason(set)) };
  const title = `Adv. ${percent(found.mean)} (${counts(after)}), True ${percent(before.mean)}`;
  const spread = found.deviation === null ? "" : `± ${percent(found.deviation)}`;
  return { content: markup`<span title="${title}">${percent(found.mean)}</span>${small(spread)}`, heat: found.mean };
}

function legend({ victims }: Transfer): Html {
  const seeds = groupsOf(victims).map(({ networks }) => networks.length);
  const [least, most] = [Math.min(...seeds), Math.max(...seeds)];
  const several = least === most ? `${most} networks` : `up to ${most} networks`;
  const spread = most === 1
    ? "one network"
    : `the mean over ${several}, which differ in their seed only, with ± the sample standard deviation between them, in ` +
      "percentage points";
  return markup`<div class="notes">
<p>A column is an adversarial set: the architecture and the number of the networks in its ensemble, and how many adversaries it
holds (n). A row is a kind of network under attack, by its architecture: ${spread}. Networks that were in a set’s ensemble are
left out of its column. A cell’s title has the counts and the accuracy on the originals (True).</p>
</div>`;
}

async function overview(epsilons: readonly number[], data: Transfer): Promise<Html> {
  const filled = new Set(data.sets.filter(({ adversarial }) => adversarial > 0).map(({ epsilon }) => epsilon));
  if (epsilons.length < 2 || filled.size < 2) {
    return absent("Adversaries of one ε only were made, so there is no course over ε to draw.");
  }
  return figure(
    "Resilience against ε.",
    markup`Accuracy on the adversaries of the largest ensembles (columns) against the largest change of a pixel
value, for networks of each architecture (rows). Every set is drawn from the images that its own ensemble classified correctly.`,
    await transferChart(data),
  );
}

function successTable(epsilons: readonly number[], sets: readonly TransferSet[]): Html {
  const ensembles = Map.groupBy(sets, ({ architecture, members }) => JSON.stringify([architecture, members]));
  const columns = [
    { title: "Ensemble" },
    ...epsilons.map((epsilon) => ({ title: `ε = ${pixels(epsilon)}`, number: true })),
  ];
  const rows = [...ensembles.values()].map((made) => [
    `${made[0].architecture} × ${integer(made[0].members)}`,
    ...epsilons.map((epsilon) => {
      const set = made.find((set) => set.epsilon === epsilon);
      return set ? successRate(set) : nothing("no such set was made");
    }),
  ]);
  const caption =
    markup`Success rate of the attack: of the images that every member of the ensemble classified correctly, the
share that every member misclassifies afterwards, with its 95\u202f% interval. The paper found it “not sensitive” to ε.`;
  return table(caption, columns, rows);
}
