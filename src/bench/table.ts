/** The benchmark's results as text. */
import type { BenchResult, Row } from "./bench.ts";
import { timeOf } from "./measure.ts";

/** 12.34 → "12.3", 0.01234 → "0.0123": three digits. */
export const digits = (value: number): string =>
  value === 0 ? "0" : value >= 100 ? value.toFixed(0) : value.toPrecision(3);
export const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

/** Cells side by side; all columns but the first `left` are numbers. */
export function columns(cells: readonly (readonly string[])[], left: number): string {
  const widths = cells[0].map((_, c) => Math.max(...cells.map((row) => row[c].length)));
  return cells
    .map((row) =>
      row.map((cell, c) => c < left ? cell.padEnd(widths[c]) : cell.padStart(widths[c])).join("  ").trimEnd()
    )
    .join("\n");
}

const heading = ["kernel", "shapes", "ms", "± ms", "wall ms", "GFLOP/s", "of FMA", "GB/s", "of copy"];

function cellsOf(row: Row): string[] {
  const { median, low, high } = timeOf(row);
  return [
    row.kernel,
    row.shapes,
    digits(median),
    digits((high - low) / 2),
    digits(row.wall.median),
    row.flops ? digits(row.gflops) : "",
    row.flops ? percent(row.ofFma) : "",
    digits(row.gbs),
    percent(row.ofCopy),
  ];
}

export const lineOf = (row: Row): string => {
  const { median } = timeOf(row);
  return `${row.kernel}  ${row.shapes}  ${digits(median)} ms  ${digits(row.gflops)} GFLOP/s  ${digits(row.gbs)} GB/s`;
};

export function table({ adapter, ceiling, rows }: BenchResult): string {
  return [
    `${adapter}: ceilings ${digits(ceiling.gflops)} GFLOP/s (FMA), ${digits(ceiling.gbs)} GB/s (copy)`,
    "",
    columns([heading, ...rows.map(cellsOf)], 2),
  ].join("\n");
}

/** The same as Markdown, for kernels/README.md. */
export function markdownTable({ rows }: BenchResult): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = heading.map((_, c) => c < 2 ? "---" : "---:");
  return [line(heading), line(rule), ...rows.map((row) => line(cellsOf(row)))].join("\n");
}
