/** Tables: headers that name every column, numbers aligned on the right, accuracies with how far to trust them. */
import type { Proportion } from "../assess/interval.ts";
import { estimate } from "../assess/spread.ts";
import { integer, percent, percentRange, plural } from "./format.ts";
import { type Html, markup, type Part } from "./markup.ts";

/** A column: its header, and whether it holds numbers, which align on the right. */
export interface Column {
  title: Part;
  number?: boolean;
}

/** A plain table. The first cell of a row is its header; `foot` is a last row of sums. */
export function table(
  caption: Part,
  columns: readonly Column[],
  rows: readonly (readonly Part[])[],
  foot: readonly Part[] = [],
): Html {
  const kind = (index: number) => columns[index].number ? "number" : "text";
  const cell = (content: Part, index: number) =>
    index === 0 ? markup`<th scope="row">${content}</th>` : markup`<td class="${kind(index)}">${content}</td>`;
  const row = (cells: readonly Part[]) => markup`<tr>${cells.map(cell)}</tr>\n`;
  return scrolling(markup`<table>
<caption>${caption}</caption>
<thead><tr>${
    columns.map((column, index) => markup`<th scope="col" class="${kind(index)}">${column.title}</th>`)
  }</tr></thead>
<tbody>
${rows.map(row)}</tbody>
${foot.length > 0 ? markup`<tfoot>${row(foot)}</tfoot>\n` : ""}</table>`);
}

/** Columns of numbers under one common header; notes stand below the titles, smaller. */
export interface ColumnGroup {
  title: string;
  note: string;
  columns: { title: string; note: string }[];
}

/** Rows under one heading, if it is not empty. There is a cell for every column of every column group. */
export interface RowGroup {
  title: string;
  rows: { title: Part; cells: Cell[] }[];
}

export interface Cell {
  content: Part;
  /** Whether it stands out. */
  best?: boolean;
  /** A fraction, by which the cell is coloured; see {@link heatScale}. */
  heat?: number;
}

/** A table in the form of the paper's Tables II and III. `label` is its number there; the best cells stand out. */
export function groupedTable(
  label: string,
  caption: Part,
  columnGroups: readonly ColumnGroup[],
  rowGroups: readonly RowGroup[],
  rowHeader = "Network",
): Html {
  // The first column of a group keeps a distance from the group before it.
  const starts = columnGroups.flatMap(({ columns }, group) => columns.map((_, index) => group > 0 && index === 0));
  const kind = (index: number) => starts[index] ? "number first" : "number";
  const headers = columnGroups.flatMap((group) => group.columns).map(({ title, note }, index) =>
    markup`<th scope="col" class="${kind(index)}">${title}${small(note)}</th>`
  );
  const groupHeaders = columnGroups.map(({ title, note, columns }, index) =>
    markup`<th scope="colgroup" colspan="${columns.length}"${index > 0 ? FIRST : ""}>${title}${small(note)}</th>`
  );
  const row = ({ title, cells }: RowGroup["rows"][number]) =>
    markup`<tr><th scope="row">${title}</th>${
      cells.map(({ content, best, heat }, index) => {
        const kinds = [kind(index), best ? "best" : [], heat === undefined ? [] : "heat"].flat().join(" ");
        const colour = heat === undefined ? "" : markup` style="--heat:${Number(heat.toFixed(4))}"`;
        return markup`<td class="${kinds}"${colour}>${content}</td>`;
      })
    }</tr>\n`;
  const rowGroup = ({ title, rows }: RowGroup) =>
    markup`<tbody>
${
      title === ""
        ? ""
        : markup`<tr class="group"><th scope="rowgroup" colspan="${headers.length + 1}">${title}</th></tr>\n`
    }
${rows.map(row)}</tbody>
`;
  return scrolling(markup`<table${headers.length > MANY_COLUMNS ? WIDE : ""}>
<caption><b class="number">${label}</b> ${caption}</caption>
<thead>
<tr><th rowspan="2" scope="col">${rowHeader}</th>${groupHeaders}</tr>
<tr>${headers}</tr>
</thead>
${rowGroups.map(rowGroup)}</table>`);
}

const FIRST = markup` class="first"`;
/** More of them than this must stand closer together. */
const MANY_COLUMNS = 8;
const WIDE = markup` class="wide"`;

/** A note below a title or a value, or nothing where it is empty. */
export function small(note: string): Part {
  return note === "" ? "" : markup`<span class="interval">${note}</span>`;
}

/** On a narrow screen a wide table scrolls inside the page, by keyboard too, and the page itself does not. */
function scrolling(body: Html): Html {
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="Table">${body}</div>`;
}

/**
 * An accuracy (or another share) with how far to trust it below: the 95 % interval of one network, or the standard deviation
 * over several; a dash with the reason where nothing was counted.
 */
export function accuracy(proportions: readonly Proportion[], emptyReason: string): Html {
  const found = estimate(proportions);
  if (!found) return nothing(emptyReason);
  const { mean, deviation, low, high } = found;
  const trust = deviation === null ? percentRange(low, high) : `± ${percent(deviation)}`;
  return markup`<span class="value" title="${counts(proportions)}">${percent(mean)}</span>${small(trust)}`;
}

/** What an accuracy was counted from: "120 of 503", or "2 seeds: 120, 131 of 503". */
export function counts(proportions: readonly Proportion[]): string {
  const counted = proportions.filter(({ count }) => count > 0);
  const totals = [...new Set(counted.map(({ count }) => count))];
  const all = totals.length === 1
    ? `${counted.map(({ correct }) => integer(correct)).join(", ")} of ${integer(totals[0])}`
    : counted.map(({ correct, count }) => `${integer(correct)} of ${integer(count)}`).join(", ");
  return counted.length === 1 ? all : `${plural(counted.length, "seed")}: ${all}`;
}

/** What the colours of a table with `heat` mean. */
export function heatScale(meaning: string): Html {
  return markup`<p class="heat-scale"><span>0\u202f%</span><i></i><span>100\u202f%</span> ${meaning}</p>`;
}

/** A dash for a number that there is not, with the reason. */
export function nothing(reason: string): Html {
  return markup`<span class="empty" title="${reason}">–</span>`;
}
