/** Accuracy against ε: a panel for each architecture that attacks (columns) and that is attacked (rows). */
import { estimate } from "../assess/spread.ts";
import { chart, type Key, PERCENT_LABEL, SERIES } from "./charts.ts";
import { percent, pixels } from "./format.ts";
import type { Html } from "./markup.ts";
import { cellsOf, groupsOf, type Transfer, type TransferSet } from "./transfer.ts";

/** Pixels of the page's width left for all panels together, beside the axes. */
const PANELS = 860;
const GAP = 24;

/** Draws the sets of the largest ensemble of each architecture. At least one set must hold images. */
export function transferChart({ sets, victims }: Transfer): Promise<Html> {
  const values = groupsOf(victims).flatMap((group) =>
    sets.flatMap((set, index) => {
      const found = strongest(set, sets) && estimate(cellsOf(group, index).map(({ adversarial }) => adversarial));
      if (!found) return [];
      const { mean, low, high } = found;
      const attack = `from ${set.architecture} × ${set.members}`;
      return [{ attack, victim: group.architecture, kind: group.kind, epsilon: set.epsilon, mean, low, high }];
    })
  );
  const kinds = [...new Set(values.map(({ kind }) => kind))];
  const attacks = [...new Set(values.map(({ attack }) => attack))];
  const keys = kinds.map((name, index): Key => ({
    name,
    colour: SERIES[index % SERIES.length],
    mark: index < SERIES.length ? "line" : "dashes",
  }));
  const described = values.map(({ attack, victim, kind, epsilon, mean }) =>
    `${attack}, ${victim} ${kind}, ε = ${pixels(epsilon)}: ${percent(mean)}`
  );
  return chart(
    {
      data: { values },
      facet: {
        column: { field: "attack", type: "nominal", sort: attacks, title: null },
        row: {
          field: "victim",
          type: "nominal",
          sort: [...new Set(values.map(({ victim }) => victim))],
          title: null,
          header: { labelOrient: "right" },
        },
      },
      spacing: GAP,
      spec: {
        width: Math.floor(PANELS / attacks.length) - GAP,
        height: 150,
        encoding: {
          x: {
            field: "epsilon",
            type: "ordinal",
            title: "ε (of 255)",
            axis: { labelAngle: 0, grid: false, ticks: false },
            scale: { type: "point", padding: 0.3 },
          },
          color: {
            field: "kind",
            type: "nominal",
            scale: { domain: kinds, range: keys.map(({ colour }) => colour) },
            legend: null,
          },
        },
        layer: [
          {
            mark: { type: "rule", strokeWidth: 5, strokeCap: "round", opacity: 0.25 },
            encoding: { y: accuracy("low"), y2: { field: "high" } },
          },
          {
            mark: { type: "line", strokeWidth: 2, strokeCap: "round", strokeJoin: "round" },
            encoding: {
              y: accuracy("mean"),
              strokeDash: {
                field: "kind",
                type: "nominal",
                scale: { domain: kinds, range: keys.map(({ mark }) => mark === "line" ? [1, 0] : [6, 4]) },
                legend: null,
              },
            },
          },
          { mark: { type: "point", filled: true, size: 35, opacity: 1 }, encoding: { y: accuracy("mean") } },
        ],
      },
    },
    `Line charts of accuracy on adversaries against ε. ${described.join("; ")}.`,
    keys,
  );
}

/** Whether no other ensemble of the architecture is larger. */
function strongest({ architecture, members }: TransferSet, sets: readonly TransferSet[]): boolean {
  return sets.every((other) => other.architecture !== architecture || other.members <= members);
}

const accuracy = (field: string) => ({
  field,
  type: "quantitative" as const,
  title: "Adv. accuracy",
  scale: { domain: [0, 1] },
  axis: { labelExpr: PERCENT_LABEL, values: [0, 0.5, 1], domain: false, ticks: false },
});
