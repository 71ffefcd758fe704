/** A benchmark against an earlier one. */
import { z } from "zod";
import { readText } from "../data/files.ts";
import { UserError } from "../errors.ts";
import type { BenchResult } from "./bench.ts";
import { timeOf } from "./measure.ts";

export interface Change {
  kernel: string;
  shapes: string;
  /** Median time now over median time then. */
  ratio: number;
  /** Slower by more than a tenth, and the middle halves of the measurements do not overlap. */
  regression: boolean;
}

const spread = z.object({ best: z.number(), median: z.number(), low: z.number(), high: z.number(), count: z.number() });
const saved = z.object({
  adapter: z.string(),
  rows: z.array(z.object({ kernel: z.string(), shapes: z.string(), gpu: spread.optional(), wall: spread })),
});

/** Reads what `--save` wrote. @throws UserError where the file is missing or another kind of file */
export async function readSaved(path: string): Promise<z.infer<typeof saved>> {
  try {
    return saved.parse(JSON.parse(await readText(path)));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path} holds no benchmark; \`deno task bench --save\` writes one.`);
  }
}

/**
 * One entry per kernel and shapes that both have, worst first.
 * @throws UserError where the other benchmark ran on another adapter
 */
export function compareWith({ adapter, rows }: BenchResult, before: z.infer<typeof saved>): Change[] {
  if (before.adapter !== adapter) throw new UserError(`--compare: that was on ${before.adapter}, this is ${adapter}.`);
  const earlier = numbered(before.rows);
  return [...numbered(rows)].flatMap(([name, row]): Change[] => {
    const old = earlier.get(name);
    if (!old) return [];
    const [now, then] = [timeOf(row), timeOf(old)];
    const ratio = now.median / then.median;
    return [{ kernel: row.kernel, shapes: row.shapes, ratio, regression: ratio > 1.1 && now.low > then.high }];
  }).sort((a, b) => b.ratio - a.ratio);
}

/** Rows by kernel and shapes; where several have the same, they differ in overrides and are counted. */
function numbered<R extends { kernel: string; shapes: string }>(rows: readonly R[]): Map<string, R> {
  const named = new Map<string, R>();
  for (const row of rows) {
    let count = 1;
    while (named.has(`${row.kernel} ${row.shapes} ${count}`)) count++;
    named.set(`${row.kernel} ${row.shapes} ${count}`, row);
  }
  return named;
}
