/** Tables II and III at a glance: a panel per set, a row per kind of network, and in it how far accuracy falls under the attack. */
import { estimate } from "../assess/spread.ts";
import { chart, type Key, PERCENT_LABEL } from "./charts.ts";
import { percent } from "./format.ts";
import type { Html } from "./markup.ts";
import { kindsOf, type Resilience } from "./resilience.ts";

/** Pixels of the page's width left for all panels together, beside the names of the rows. */
const PANELS = 740;
const GAP = 44;
const PANELS_PER_LINE = 4;

const KEYS: Key[] = [
  { name: "on the adversaries (Adv.)", colour: "var(--series-2)", mark: "dot" },
  { name: "on their originals (True)", colour: "var(--series-1)", mark: "ring" },
];

/** Draws every accuracy of the table; empty sets have no panel. At least one set must hold images. */
export function resilienceChart({ sets, rows }: Resilience): Promise<Html> {
  const values = sets.flatMap((set, index) =>
    kindsOf(rows).flatMap(({ group, name, networks }) => {
      const before = estimate(networks.map(({ cells }) => cells[index].true));
      const after = estimate(networks.map(({ cells }) => cells[index].adversarial));
      if (!before || !after) return [];
      return [{
        set: set.name,
        network: name === "" ? group : `${group}\n${name}`,
        before: before.mean,
        beforeLow: before.low,
        beforeHigh: before.high,
        after: after.mean,
        afterLow: after.low,
        afterHigh: after.high,
      }];
    })
  );
  const panels = [...new Set(values.map((value) => value.set))];
  const columns = Math.min(panels.length, PANELS_PER_LINE);
  const described = values.map(({ set, network, before, after }) =>
    `${set}, ${network.replace("\n", ", ")}: from ${percent(before)} to ${percent(after)}`
  );
  return chart(
    {
      data: { values },
      facet: { field: "set", type: "nominal", sort: panels, title: null },
      columns,
      spacing: GAP,
      spec: { width: Math.floor(PANELS / columns) - GAP, height: { step: 44 }, encoding: { y: rowNames }, layer },
    },
    `Accuracy of each network on a set's originals and on its adversaries. ${described.join("; ")}.`,
    KEYS,
  );
}

const rowNames = {
  field: "network",
  type: "nominal" as const,
  sort: null,
  title: null,
  axis: {
    labelExpr: "split(datum.label, '\\n')",
    labelLineHeight: 15,
    // Vega centres the first line on the row; two lines are to be centred as a whole.
    labelOffset: { condition: { test: "indexof(datum.label, '\\n') >= 0", value: -7 }, value: 0 },
    labelLimit: 400,
    grid: false,
    domain: false,
    ticks: false,
  },
};

const accuracy = (field: string) => ({
  field,
  type: "quantitative" as const,
  title: "accuracy",
  scale: { domain: [0, 1] },
  axis: { labelExpr: PERCENT_LABEL, values: [0, 0.5, 1], labelFlush: false },
});

const interval = (low: string, high: string, colour: string) => ({
  mark: { type: "rule" as const, strokeWidth: 6, strokeCap: "round" as const, opacity: 0.3, color: colour },
  encoding: { x: accuracy(low), x2: { field: high } },
});

const [ADVERSARIES, ORIGINALS] = KEYS.map((key) => key.colour);

/** From back to front: the fall, the intervals, the accuracies. */
const layer = [
  {
    mark: { type: "rule" as const, strokeWidth: 1.5, color: "var(--soft)", opacity: 0.6 },
    encoding: { x: accuracy("after"), x2: { field: "before" } },
  },
  interval("beforeLow", "beforeHigh", ORIGINALS),
  interval("afterLow", "afterHigh", ADVERSARIES),
  {
    mark: {
      type: "point" as const,
      size: 65,
      strokeWidth: 2,
      filled: false,
      fill: "var(--card)",
      color: ORIGINALS,
      opacity: 1,
    },
    encoding: { x: accuracy("before") },
  },
  {
    mark: { type: "point" as const, size: 60, filled: true, color: ADVERSARIES, opacity: 1 },
    encoding: { x: accuracy("after") },
  },
];
