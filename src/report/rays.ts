/** Fig. 6: how networks' loss and accuracy change along their own adversarial direction. */
import type { TopLevelSpec } from "vega-lite";
import type { RayPoint } from "../assess/rays.ts";
import { chart, type Key, PERCENT_LABEL, seriesOf } from "./charts.ts";
import { percent, pixels, plural } from "./format.ts";
import { type Html, markup } from "./markup.ts";
import { absent, figure, type Section } from "./page.ts";
import { table } from "./tables.ts";

/** Networks on the same images, moved by the same ε. */
export interface RaysData {
  /** How many images. */
  images: number;
  /** How many classes there are to tell apart. */
  classes: number;
  rays: { name: string; points: RayPoint[] }[];
}

/** Fig. 6 of the paper: the impact of a growing perturbation on the loss of many images. */
export async function raysSection({ images, classes, rays }: RaysData): Promise<Section> {
  const section = { id: "rays", title: "Loss and accuracy under growing perturbation" };
  const shown = rays.filter(({ points }) => points.length > 0);
  if (shown.length === 0) return { ...section, body: absent("No network’s loss was followed along a direction.") };
  for (const { name, points } of shown) {
    const values = points.flatMap(({ epsilon, mean, quantiles, correct }) => [epsilon, mean, ...quantiles, correct]);
    if (!values.every(Number.isFinite)) throw new RangeError(`${name}: a ray holds a number that is not finite`);
  }
  const body = markup`${
    figure(
      "Fig. 6.",
      markup`Above: the loss (cross-entropy, in nats) of ${
        plural(images, "held-out image")
      } x at x + ε · sign(∇<sub>x</sub>L),
clipped to 0–255, where L is each network’s own loss and its sign is taken once, at x. The dark band holds the middle half of the images
(25 % to 75 %), the light one all but the outer twentieths (5 % to 95 %). The scale is logarithmic in 1 + loss, so that small
losses and large ones both show. The dashed line is the loss of a guess, ln ${classes} = ${
        Math.log(classes).toFixed(2)
      }. Below: the share of the same images that each network still classifies correctly.`,
      [await lossChart(shown, classes), await accuracyChart(shown, images)],
    )
  }
<details><summary>The numbers behind Fig. 6</summary>
${numbers(shown, images)}</details>`;
  return { ...section, body };
}

type Rays = RaysData["rays"];

const EPSILON = {
  field: "epsilon",
  type: "quantitative" as const,
  title: "ε /255",
  axis: { grid: false, tickCount: 5 },
  scale: { nice: false },
};

const KEYS: Key[] = [
  { name: "mean", colour: "var(--series-2)", mark: "line" },
  { name: "median", colour: "var(--series-1)", mark: "line" },
  { name: "guessing", colour: "var(--soft)", mark: "dashes" },
];
/** Losses named on the axis. */
const TICKS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500];

const [MEAN, MEDIAN, GUESS] = KEYS.map((key) => key.colour);

function lossChart(rays: Rays, classes: number): Promise<Html> {
  const values = rays.flatMap(({ name, points }) =>
    points.map(({ epsilon, mean, quantiles: [p5, p25, median, p75, p95] }) => (
      { name: lines(name), epsilon, mean, p5, p25, median, p75, p95 }
    ))
  );
  const top = Math.max(...values.map(({ p95, mean }) => Math.max(p95, mean)));
  const loss = (field: string) => ({
    field,
    type: "quantitative" as const,
    title: "loss, nats",
    scale: { type: "symlog" as const, nice: false },
    axis: {
      values: TICKS.filter((value) => value <= top),
      // Fewer than there are values, and Vega leaves out every other one.
      tickCount: TICKS.length,
      domain: false,
      ticks: false,
    },
  });
  const band = (low: string, high: string, opacity: number) => ({
    mark: { type: "area" as const, color: MEDIAN, opacity },
    encoding: { x: EPSILON, y: loss(low), y2: { field: high } },
  });
  const line = (field: string, color: string) => ({
    mark: { type: "line" as const, color, strokeWidth: 2 },
    encoding: { x: EPSILON, y: loss(field) },
  });
  const specification: TopLevelSpec = {
    data: { values },
    facet: {
      field: "name",
      type: "nominal",
      sort: rays.map(({ name }) => lines(name)),
      title: null,
      header: { labelExpr: "split(datum.label, '\\n')" },
    },
    columns: 3,
    spacing: 28,
    resolve: { axis: { x: "independent" } },
    spec: {
      width: 245,
      height: 190,
      layer: [
        band("p5", "p95", 0.18),
        band("p25", "p75", 0.32),
        {
          mark: { type: "rule", color: GUESS, strokeDash: [5, 4] },
          encoding: { y: { datum: Math.log(classes), type: "quantitative" } },
        },
        line("median", MEDIAN),
        line("mean", MEAN),
      ],
    },
  };
  const described = extremes(rays).map(({ name, highest }) =>
    `${name}: mean loss up to ${highest.mean.toFixed(2)} at ε = ${highest.epsilon}`
  );
  return chart(specification, `Loss of each network over ε. ${described.join("; ")}.`, KEYS);
}

function accuracyChart(rays: Rays, images: number): Promise<Html> {
  const { keys, encoding } = seriesOf(rays.map(({ name }) => name));
  const values = rays.flatMap(({ name, points }) =>
    points.map(({ epsilon, correct }) => ({ name, epsilon, accuracy: correct / images }))
  );
  const described = extremes(rays).map(({ name, lowest }) =>
    `${name}: down to ${percent(lowest.correct / images)} at ε = ${lowest.epsilon}`
  );
  return chart(
    {
      width: 860,
      height: 220,
      data: { values },
      mark: { type: "line", strokeWidth: 2 },
      encoding: {
        x: EPSILON,
        y: {
          field: "accuracy",
          type: "quantitative",
          title: "accuracy",
          axis: { labelExpr: PERCENT_LABEL, domain: false, ticks: false },
        },
        ...encoding,
      },
    },
    `Accuracy of each network over ε. ${described.join("; ")}.`,
    keys,
  );
}

/** Where each network fares worst; the smallest such ε. */
function extremes(rays: Rays) {
  return rays.map(({ name, points }) => ({
    name,
    first: points[0],
    highest: points.reduce((a, b) => b.mean > a.mean ? b : a),
    lowest: points.reduce((a, b) => b.correct < a.correct ? b : a),
  }));
}

function numbers(rays: Rays, images: number): Html {
  const { epsilon } = rays[0].points[0];
  const columns = [
    { title: "Network" },
    { title: `Mean loss at ε = ${pixels(epsilon)}`, number: true },
    { title: "Highest mean loss", number: true },
    { title: "at ε", number: true },
    { title: `Accuracy at ε = ${pixels(epsilon)}`, number: true },
    { title: "Lowest accuracy", number: true },
    { title: "at ε", number: true },
  ];
  const rows = extremes(rays).map(({ name, first, highest, lowest }) => [
    name,
    first.mean.toFixed(2),
    highest.mean.toFixed(2),
    pixels(highest.epsilon),
    percent(first.correct / images),
    percent(lowest.correct / images),
    pixels(lowest.epsilon),
  ]);
  return table(
    "Where each network fares worst along its own direction; of several such ε, the smallest",
    columns,
    rows,
  );
}

/** A name in lines that fit above a panel, broken at spaces other than those of "α = 0.4" and "α ~ B(2, 4)". */
function lines(name: string): string {
  const glued = name.replace(/ ([=~]) |(?<=\d,) (?=\d)/g, (space) => space.replaceAll(" ", "\u00a0"));
  return glued.split(" ").reduce((text, word) =>
    (text + " " + word).length - text.lastIndexOf("\n") > 34 ? `${text}\n${word}` : `${text} ${word}`
  );
}
