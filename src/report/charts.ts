/** Charts: a Vega-Lite specification becomes an inline SVG that follows the page's colour scheme. */
import { parse, resetSVGDefIds, View } from "vega";
import { compile, type Config, type TopLevelSpec } from "vega-lite";
import { type Html, html, trusted } from "./html.ts";

/** Colours of series, defined for light and dark in style.css and told apart by colour-blind readers (Okabe and Ito). */
export const SERIES = Array.from({ length: 8 }, (_, index) => `var(--series-${index + 1})`);

const FONT = "system-ui, sans-serif";

const CONFIG: Config = {
  background: "transparent",
  font: FONT,
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
  header: { labelColor: "var(--ink)", labelFontSize: 12, titleColor: "var(--ink)", labelFontWeight: "bold" },
  legend: { labelColor: "var(--ink)", labelFontSize: 12, labelLimit: 320, symbolSize: 90, rowPadding: 6 },
  range: { category: SERIES },
};

/** Draws a chart; `description` is read aloud in its place, so it should say what the chart shows. */
export async function chart(specification: TopLevelSpec, description: string): Promise<Html> {
  // Vega numbers its clip paths and gradients on and on; two reports of the same data are to be the same bytes.
  const { spec } = compile({ ...specification, config: CONFIG });
  const svg = await new View(parse(spec), { renderer: "none" }).toSVG();
  return html`<div class="chart" role="img" aria-label="${description}">${trusted(svg)}</div>`;
}

/** Makes the next charts number their parts from the start again; call it once per page. */
export function restartNumbering(): void {
  resetSVGDefIds();
}
