/** Tables: headers that name every column, numbers aligned on the right, accuracies with their 95 % intervals. */
import { type Proportion, wilson } from "../assess/interval.ts";
import { percent, percentRange } from "./format.ts";
import { type Html, html, type Part } from "./html.ts";

/** A column: its header, and whether it holds numbers, which align on the right. */
export interface Column {
  title: Part;
  number?: boolean;
}

/** A plain table. The first cell of a row is its header. `label` is the paper's number or "", `foot` a last row of sums. */
export function table(
  label: string,
  caption: Part,
  columns: readonly Column[],
  rows: readonly (readonly Part[])[],
  foot: readonly Part[] = [],
): Html {
  const kind = (index: number) => columns[index].number ? "number" : "text";
  const row = (cells: readonly Part[]) =>
    html`<tr>${
      cells.map((cell, index) =>
        index === 0 ? html`<th scope="row">${cell}</th>` : html`<td class="${kind(index)}">${cell}</td>`
      )
    }</tr>\n`;
  return scrolling(html`<table>
${captionOf(label, caption)}
<thead><tr>${
    columns.map((column, index) => html`<th scope="col" class="${kind(index)}">${column.title}</th>`)
  }</tr></thead>
<tbody>
${rows.map(row)}</tbody>
${foot.length > 0 ? html`<tfoot>${row(foot)}</tfoot>\n` : ""}</table>`);
}

/** A table's caption with the paper's number before it. */
export function captionOf(label: string, caption: Part): Html {
  return html`<caption>${
    label === "" ? "" : html`
      <b class="number">${label}</b>
    `
  }${caption}</caption>`;
}

/** On a narrow screen a wide table scrolls inside the page, by keyboard too, and the page itself does not. */
export function scrolling(body: Html): Html {
  return html`<div class="scroll" tabindex="0">${body}</div>`;
}

/** An accuracy with its interval below it, or a dash with the reason where nothing was counted. */
export function accuracy(proportion: Proportion, emptyReason: string): Html {
  const { correct, count } = proportion;
  if (count === 0) return html`<span class="empty" title="${emptyReason}">–</span>`;
  const { low, high } = wilson(correct, count);
  return html`<span class="value" title="${correct} of ${count}">${
    percent(correct / count)
  }</span><span class="interval">${percentRange(low, high)}</span>`;
}
