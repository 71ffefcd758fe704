/** Charts: a Vega-Lite specification becomes an inline SVG that follows the page's colour scheme. */
import * as vega from "vega";
import { compile, type Config, type TopLevelSpec } from "vega-lite";
import { type Html, markup, trusted } from "./markup.ts";

/** Colours of series, defined for light and dark in style/page.css and told apart by colour-blind readers (Okabe and Ito). */
export const SERIES = Array.from({ length: 8 }, (_, index) => `var(--series-${index + 1})`);

/** For axes of fractions: 0.5 → "50 %". */
export const PERCENT_LABEL = "format(datum.value * 100, 'd') + '\u202f%'";

const CONFIG: Config = {
  background: "transparent",
  font: "system-ui, sans-serif",
  // One accessible name for the whole chart (see below) says more than a name per mark.
  aria: false,
  padding: 4,
  view: { stroke: null },
  axis: {
    labelColor: "var(--soft)",
    titleColor: "var(--ink)",
    gridColor: "var(--line)",
    domainColor: "var(--line)",
    tickColor: "var(--line)",
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
    titlePadding: 10,
    labelPadding: 6,
    tickSize: 4,
  },
  header: { labelColor: "var(--ink)", labelFontSize: 13, labelFontWeight: "bold" },
};

/** Vega's way to supply text widths where no canvas measures them; its type declarations leave it out. */
const { textMetrics } = vega as unknown as {
  textMetrics: { width(item: { fontSize?: number }, text: string): number };
};
// Vega's own guess of 0.8 em per character leaves gaps beside every label; a sans serif needs about 0.6.
textMetrics.width = (item, text) => 0.6 * text.length * (item.fontSize ?? 11);

/** One entry of a legend: a mark in its colour (see {@link SERIES}) and what it stands for. */
export interface Key {
  name: string;
  colour: string;
  mark: "line" | "dashes" | "dot" | "ring";
}

/** Keys for named series, dashed where the colours begin again, and the encoding that draws a field `name` with them. */
export function seriesOf(names: readonly string[]) {
  const keys = names.map((name, index): Key => ({
    name,
    colour: SERIES[index % SERIES.length],
    mark: index < SERIES.length ? "line" : "dashes",
  }));
  const encoded = (range: string[] | number[][]) => (
    { field: "name", type: "nominal" as const, scale: { domain: [...names], range }, legend: null }
  );
  const encoding = {
    color: encoded(keys.map((key) => key.colour)),
    strokeDash: encoded(keys.map((key) => key.mark === "line" ? [1, 0] : [6, 4])),
  };
  return { keys, encoding };
}

/** Draws a chart; `description` is read aloud in its place, so it should say what the chart shows. */
export async function chart(specification: TopLevelSpec, description: string, keys: readonly Key[]): Promise<Html> {
  const { spec } = compile({ ...specification, config: CONFIG });
  const svg = await new vega.View(vega.parse(spec), { renderer: "none" }).toSVG();
  // The legend is HTML: it wraps on narrow screens and its text is never cut off.
  return markup`<div class="chart"><div class="drawing" role="img" aria-label="${description}">${trusted(svg)}</div>
<ul class="legend">${
    keys.map(({ name, colour, mark }) => markup`<li style="--key:${colour}"><i class="${mark}"></i>${name}</li>`)
  }</ul></div>`;
}

/**
 * Makes the next charts number their clip paths and gradients from the start again, so that two reports of the same data are
 * the same bytes. Call it once per page: within one, the numbers must differ.
 */
export function restartNumbering(): void {
  vega.resetSVGDefIds();
}
