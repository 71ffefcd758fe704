/** Tables: headers that name every column, numbers aligned on the right, accuracies with their 95 % intervals. */
import { type Proportion, wilson } from "../assess/interval.ts";
import { percent, percentRange } from "./format.ts";
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

/** Rows under one heading. There is a cell for every column of every column group. */
export interface RowGroup {
  title: string;
  rows: { title: string; cells: { content: Part; best: boolean }[] }[];
}

/** A table in the form of the paper's Tables II and III. `label` is its number there; the best cells stand out. */
export function groupedTable(
  label: string,
  caption: Part,
  columnGroups: readonly ColumnGroup[],
  rowGroups: readonly RowGroup[],
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
      cells.map(({ content, best }, index) => markup`<td class="${kind(index)}${best ? " best" : ""}">${content}</td>`)
    }</tr>\n`;
  const rowGroup = ({ title, rows }: RowGroup) =>
    markup`<tbody>
<tr class="group"><th scope="rowgroup" colspan="${headers.length + 1}">${title}</th></tr>
${rows.map(row)}</tbody>
`;
  return scrolling(markup`<table>
<caption><b class="number">${label}</b> ${caption}</caption>
<thead>
<tr><th rowspan="2" scope="col">Network</th>${groupHeaders}</tr>
<tr>${headers}</tr>
</thead>
${rowGroups.map(rowGroup)}</table>`);
}

const FIRST = markup` class="first"`;

function small(note: string): Part {
  return note === "" ? "" : markup`<span class="interval">${note}</span>`;
}

/** On a narrow screen a wide table scrolls inside the page, by keyboard too, and the page itself does not. */
function scrolling(body: Html): Html {
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="Table">${body}</div>`;
}

/** An accuracy (or another share) with its interval below it, or a dash with the reason where nothing was counted. */
export function accuracy({ correct, count }: Proportion, emptyReason: string): Html {
  if (count === 0) return nothing(emptyReason);
  const { low, high } = wilson(correct, count);
  const value = markup`<span class="value" title="${correct} of ${count}">${percent(correct / count)}</span>`;
  return markup`${value}<span class="interval">${percentRange(low, high)}</span>`;
}

/** A dash for a number that there is not, with the reason. */
export function nothing(reason: string): Html {
  return markup`<span class="empty" title="${reason}">–</span>`;
}
