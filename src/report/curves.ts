/** Fig. 4: how training went. */
import { chart, PERCENT_LABEL, seriesOf } from "./charts.ts";
import { percent } from "./format.ts";
import { markup } from "./markup.ts";
import { absent, figure, type Section } from "./page.ts";
import { table } from "./tables.ts";

/** One training run: validation accuracy, 0–1, after each epoch. Runs of one name (other seeds, say) share a colour. */
export interface Curve {
  name: string;
  points: { epoch: number; accuracy: number }[];
}

/** Fig. 4 of the paper: validation accuracy during training. */
export async function curvesSection(curves: readonly Curve[]): Promise<Section> {
  const trained = curves.filter((curve) => curve.points.length > 0);
  if (trained.length === 0) {
    return { id: "training", title: "Training", body: absent("No network of this run has a training log.") };
  }
  const body = markup`${
    figure(
      "Fig. 4.",
      markup`Validation accuracy (share of the held-out images classified correctly) after each epoch of training. Every line is
one network; networks of the same kind, which differ in their seed only, share a colour.`,
      await draw(trained),
    )
  }
<details><summary>The numbers behind Fig. 4</summary>
${numbers(trained)}</details>`;
  return { id: "training", title: "Training", body };
}

function draw(curves: readonly Curve[]) {
  const names = [...new Set(curves.map((curve) => curve.name))];
  const { keys, encoding } = seriesOf(names);
  // Many runs of one kind are thin lines, so that those of which there is one only stay visible.
  const alone = names.filter((name) => curves.filter((curve) => curve.name === name).length === 1);
  const values = curves.flatMap(({ name, points }, run) =>
    points.map((point) => ({ name, run, single: alone.includes(name), ...point }))
  );
  const last = curves.map(({ name, points }) => `${name} ends at ${percent(points[points.length - 1].accuracy)}`);
  return chart(
    {
      width: 920,
      height: 360,
      data: { values },
      mark: { type: "line", strokeCap: "round", strokeJoin: "round" },
      encoding: {
        x: {
          field: "epoch",
          type: "quantitative",
          title: "epoch",
          axis: { grid: false, format: "d", tickMinStep: 1, tickCount: 12 },
          scale: { nice: false, zero: false },
        },
        y: {
          field: "accuracy",
          type: "quantitative",
          title: "validation accuracy",
          axis: { labelExpr: PERCENT_LABEL, domain: false, ticks: false },
        },
        ...encoding,
        strokeWidth: { condition: { test: "datum.single", value: 2.5 }, value: 1.25 },
        detail: { field: "run", type: "nominal" },
      },
    },
    `Line chart of validation accuracy over epochs. ${last.join("; ")}.`,
    keys,
  );
}

function numbers(curves: readonly Curve[]) {
  const columns = [
    { title: "Network" },
    { title: "Epochs", number: true },
    { title: "Last accuracy", number: true },
    { title: "Best accuracy", number: true },
    { title: "Best epoch", number: true },
  ];
  const rows = curves.map(({ name, points }) => {
    const best = points.reduce((a, b) => b.accuracy > a.accuracy ? b : a);
    const last = points[points.length - 1];
    return [name, points.length, percent(last.accuracy), percent(best.accuracy), best.epoch];
  });
  return table("Validation accuracy of every network", columns, rows);
}
