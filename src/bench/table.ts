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

interface Column {
  title: string;
  cell(row: Row): string;
  /** Says something about this machine alone, unlike a share of what it can do. */
  absolute?: boolean;
}

/** The first two are names, the others numbers. */
const layout: readonly Column[] = [
  { title: "kernel", cell: (row) => row.kernel },
  { title: "shapes", cell: (row) => row.shapes },
  { title: "ms", cell: (row) => digits(timeOf(row).median), absolute: true },
  { title: "±", cell: (row) => percent((timeOf(row).high - timeOf(row).low) / 2 / timeOf(row).median) },
  { title: "wall ms", cell: (row) => digits(row.wall.median), absolute: true },
  { title: "GFLOP/s", cell: (row) => row.flops ? digits(row.gflops) : "", absolute: true },
  { title: "of FMA", cell: (row) => row.flops ? percent(row.ofFma) : "" },
  { title: "GB/s", cell: (row) => digits(row.gbs), absolute: true },
  { title: "of copy", cell: (row) => percent(row.ofCopy) },
];

export const lineOf = (row: Row): string => {
  const { median } = timeOf(row);
  return `${row.kernel}  ${row.shapes}  ${digits(median)} ms  ${digits(row.gflops)} GFLOP/s  ${digits(row.gbs)} GB/s`;
};

export function table({ adapter, ceiling, rows }: BenchResult): string {
  return [
    `${adapter}: ceilings ${digits(ceiling.gflops)} GFLOP/s (FMA), ${digits(ceiling.gbs)} GB/s (copy)`,
    "",
    columns([layout.map(({ title }) => title), ...rows.map((row) => layout.map(({ cell }) => cell(row)))], 2),
  ].join("\n");
}

/** The same as Markdown. @param absolute whether to give times and speeds too, or shares alone */
export function markdownTable({ rows }: BenchResult, absolute: boolean): string {
  const columns = layout.filter((column) => absolute || !column.absolute);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map((_, c) => c < 2 ? "---" : "---:")),
    ...rows.map((row) => line(columns.map(({ cell }) => cell(row)))),
  ].join("\n");
}
