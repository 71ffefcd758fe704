/** A training step taken apart, as a page and as text. */
import { columns, digits, percent } from "../bench/table.ts";
import { chart, restartNumbering } from "../report/charts.ts";
import { type Html, markup } from "../report/markup.ts";
import { table } from "../report/tables.ts";
import { figure, page } from "../report/page.ts";
import { aliveAt, type ExplainedCall, type Explanation } from "./explain.ts";

const mebi = (bytes: number) => `${digits(bytes / 2 ** 20)} MiB`;

const heading = ["", "kernel", "shapes", "writes", "MFLOP", "MB", "ms", "GFLOP/s", "GB/s", "of FMA", "of copy"];
/** Columns that hold text; the others hold numbers. */
const texts = 4;

function cellsOf(call: ExplainedCall, index: number): string[] {
  const { kernel, shapes, writes, flops, bytes, milliseconds, gflops, gbs, ofFma, ofCopy } = call;
  return [
    `${index + 1}`,
    kernel,
    shapes,
    writes.join(", "),
    flops ? digits(flops / 1e6) : "",
    digits(bytes / 1e6),
    digits(milliseconds),
    flops ? digits(gflops) : "",
    digits(gbs),
    flops ? percent(ofFma) : "",
    percent(ofCopy),
  ];
}

/** Which kernels the time goes to, longest first. */
function shares({ calls, totals }: Explanation): string[][] {
  const kernels = new Map<string, { calls: number; flops: number; milliseconds: number }>();
  for (const { kernel, flops, milliseconds } of calls) {
    const sum = kernels.get(kernel) ?? { calls: 0, flops: 0, milliseconds: 0 };
    kernels.set(kernel, {
      calls: sum.calls + 1,
      flops: sum.flops + flops,
      milliseconds: sum.milliseconds + milliseconds,
    });
  }
  return [...kernels].sort(([, a], [, b]) => b.milliseconds - a.milliseconds).map(([kernel, sum]) => [
    kernel,
    `${sum.calls}`,
    digits(sum.milliseconds),
    percent(sum.milliseconds / totals.milliseconds),
    sum.flops ? digits(sum.flops / sum.milliseconds / 1e6) : "",
  ]);
}

const shareHeading = ["kernel", "calls", "ms", "of all", "GFLOP/s"];

/** Totals as sentences. */
function summary({ network, totals, ceiling, memory }: Explanation): string[] {
  const { arch, width, size, batch, defence, precision } = network;
  return [
    `One training step of ${arch}, width ${width}, defence ${defence}, ${batch} images of ${size} pixels, ` +
    `activations in ${precision}.`,
    `${totals.calls} kernel calls, ${digits(totals.flops / 1e9)} GFLOP, ${digits(totals.bytes / 1e9)} GB: ` +
    `${digits(totals.milliseconds)} ms in kernels, ${digits(totals.wallMilliseconds)} ms by the wall's clock, ` +
    `${digits(totals.flops / totals.milliseconds / 1e6)} GFLOP/s.`,
    `Ceilings of this adapter: ${digits(ceiling.gflops)} GFLOP/s (FMA), ${digits(ceiling.gbs)} GB/s (copy).`,
    `Activations: ${memory.sizes.length} buffers of ${mebi(memory.allocated)} together for ` +
    `${memory.tenancies.length} tensors; at most ${mebi(memory.lowerBound)} are alive at once, ` +
    `so no plan can need less (${digits(memory.allocated / memory.lowerBound)}×).`,
  ];
}

export function explanationText(explanation: Explanation): string {
  return [
    columns([heading, ...explanation.calls.map(cellsOf)], texts),
    columns([shareHeading, ...shares(explanation)], 1),
    summary(explanation).join("\n"),
  ].join("\n\n");
}

/** Columns of text come first. */
const columnsOf = (titles: readonly string[], texts: number) =>
  titles.map((title, c) => ({ title, number: c >= texts }));

/** Every tensor as a box: when it lives, and where in the buffers it lies. */
function memoryChart({ memory, calls }: Explanation): Promise<Html> {
  const starts = memory.sizes.map((_, buffer) => memory.sizes.slice(0, buffer).reduce((sum, size) => sum + size, 0));
  const boxes = memory.tenancies.map(({ label, from, to, bytes, buffer, offset }) => ({
    from,
    to: to + 1,
    low: (starts[buffer] + offset) / 2 ** 20,
    high: (starts[buffer] + offset + bytes) / 2 ** 20,
    series: /gradient/.test(label) ? "var(--series-2)" : "var(--series-1)",
  }));
  const alive = Array.from({ length: calls[calls.length - 1].node + 1 }, (_, node) => ({
    node,
    alive: aliveAt(memory, node) / 2 ** 20,
  }));
  const [time, size] = [{ type: "quantitative" as const, title: "operation, in order" }, "MiB"];
  const level = (bytes: number, colour: string) => ({
    data: { values: [{ level: bytes / 2 ** 20 }] },
    mark: { type: "rule" as const, strokeDash: [5, 4], color: colour },
    encoding: { y: { field: "level", type: "quantitative" as const } },
  });
  return chart(
    {
      width: 700,
      height: 380,
      layer: [
        {
          data: { values: boxes },
          mark: { type: "rect", stroke: "var(--card)", strokeWidth: 0.5, opacity: 0.75 },
          encoding: {
            x: { field: "from", ...time },
            x2: { field: "to" },
            y: { field: "low", type: "quantitative", title: size },
            y2: { field: "high" },
            color: { field: "series", type: "nominal", scale: null },
          },
        },
        {
          data: { values: alive },
          mark: { type: "line", interpolate: "step-after", color: "var(--ink)" },
          encoding: { x: { field: "node", ...time }, y: { field: "alive", type: "quantitative", title: size } },
        },
        level(memory.lowerBound, "var(--ink)"),
      ],
    },
    `Memory of activations over one training step: ${mebi(memory.allocated)} in buffers, at most ` +
      `${mebi(memory.lowerBound)} alive at once.`,
    [
      { name: "activation, in its place in the buffers", colour: "var(--series-1)", mark: "dot" },
      { name: "gradient", colour: "var(--series-2)", mark: "dot" },
      { name: "bytes alive", colour: "var(--ink)", mark: "line" },
      { name: "the most alive at once", colour: "var(--ink)", mark: "dashes" },
    ],
  );
}

/** @param command that made it @param created when, as text */
export async function explanationPage(explanation: Explanation, command: string, created: string): Promise<string> {
  restartNumbering();
  const lead = markup`${summary(explanation).map((sentence) => markup`<p>${sentence}</p>`)}`;
  const caption = "Each box is a tensor: as wide as it lives, as high as it is large, at its place in the buffers, " +
    "which are stacked. Boxes side by side share memory.";
  return await page({ title: "A training step", command, created, adapter: explanation.adapter }, lead, [
    {
      id: "time",
      title: "Where the time goes",
      body: table("Time by kernel", columnsOf(shareHeading, 1), shares(explanation)),
    },
    { id: "memory", title: "Memory over time", body: figure("Memory", caption, await memoryChart(explanation)) },
    {
      id: "calls",
      title: "Every kernel call",
      body: table("In order", columnsOf(heading, texts), explanation.calls.map(cellsOf)),
    },
  ]);
}
