/** Which classes give way: accuracy on one adversarial set, class by class. */
import type { PerClass } from "../assess/assess.ts";
import { integer, percent } from "./format.ts";
import { type Html, markup } from "./markup.ts";
import { absent, type Section } from "./page.ts";
import { type Cell, counts, groupedTable, heatScale, nothing } from "./tables.ts";

/** Class by class, what networks make of one adversarial set. */
export interface ClassResults {
  /** The set, in words: "five VGGNet13 networks, ε = 16/255". */
  set: string;
  /** Names of the classes. */
  classes: string[];
  /** Kinds of network, the unprotected one first, each with the counts of every network of it (seeds). */
  kinds: { title: string; networks: PerClass[] }[];
}

/** A longer list shows its two ends, and all of it on request. */
const MOST_ROWS = 30;
const ROWS_OF_AN_END = 10;

/** Accuracy of each kind of network on each class, the class on which the first kind is weakest first. */
export function classesSection(data: ClassResults): Section {
  const section = { id: "classes", title: "Class by class" };
  if (data.kinds.length === 0) return { ...section, body: absent("No network was assessed class by class.") };
  const order = weakestFirst(data);
  if (order.length === 0) return { ...section, body: absent(`The set of ${data.set} holds no image of any class.`) };
  const body = markup`${heatScale("of a class’s adversaries still classified correctly")}
<div class="compact">
${
    order.length <= MOST_ROWS
      ? classTable(caption(data), data, [{ title: "", classes: order }])
      : ends(data, order)
  }</div>`;
  return { ...section, body };
}

function ends(data: ClassResults, order: readonly number[]): Html {
  const title = (end: string) => `The ${ROWS_OF_AN_END} ${end} classes`;
  const short = [
    { title: title("least resilient"), classes: order.slice(0, ROWS_OF_AN_END) },
    { title: title("most resilient"), classes: order.slice(-ROWS_OF_AN_END) },
  ];
  return markup`${classTable(caption(data), data, short)}
<details><summary>All ${integer(order.length)} classes</summary>
${classTable(markup`All of them, in the same order.`, data, [{ title: "", classes: order }])}</details>
`;
}

/** Classes that the set holds images of, by the first kind's accuracy on their adversaries, then by its name. */
function weakestFirst({ classes, kinds: [base] }: ClassResults): number[] {
  const images = (index: number) => sum(base.networks.map(({ count }) => count[index]));
  const share = (index: number) => sum(base.networks.map(({ adversarial }) => adversarial[index])) / images(index);
  return [...classes.keys()].filter((index) => images(index) > 0)
    .sort((a, b) => share(a) - share(b) || (classes[a] < classes[b] ? -1 : 1));
}

function caption({ set, kinds }: ClassResults): Html {
  const seeds = kinds.some(({ networks }) => networks.length > 1)
    ? " Several seeds of a kind are counted together."
    : "";
  return markup`Accuracy on the adversaries of ${set}, class by class, ordered by the first column’s; in small print the
accuracy on their originals. n is the number of images.${seeds}`;
}

function classTable(
  caption: Html,
  { classes, kinds }: ClassResults,
  groups: readonly { title: string; classes: readonly number[] }[],
): Html {
  const columnGroups = [
    { title: "", note: "", columns: [{ title: "n", note: "" }] },
    { title: "Adv. and True", note: "", columns: kinds.map(({ title }) => ({ title, note: "" })) },
  ];
  const rowGroups = groups.map((group) => ({
    title: group.title,
    rows: group.classes.map((index) => ({
      title: classes[index],
      cells: [
        { content: integer(kinds[0].networks[0].count[index]) },
        ...kinds.map(({ networks }) => cell(networks, index)),
      ],
    })),
  }));
  return groupedTable("Classes.", caption, columnGroups, rowGroups, "Class");
}

function cell(networks: readonly PerClass[], index: number): Cell {
  const pooled = (split: "true" | "adversarial") => ({
    correct: sum(networks.map((network) => network[split][index])),
    count: sum(networks.map(({ count }) => count[index])),
  });
  const [before, after] = [pooled("true"), pooled("adversarial")];
  if (after.count === 0) return { content: nothing("no image of this class in the set") };
  const share = after.correct / after.count;
  const title = `Adv. ${counts([after])}, True ${counts([before])}`;
  return {
    content: markup`<span title="${title}">${percent(share)}</span> <span class="beside">${
      percent(before.correct / before.count)
    }</span>`,
    heat: share,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
