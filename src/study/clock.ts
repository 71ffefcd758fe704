/** How long each step of a study took. */
import { z } from "zod";
import { readText } from "../data/files.ts";
import { exists } from "../nn/run.ts";

const lineSchema = z.object({ step: z.string(), seconds: z.number(), adapter: z.string() });
export type ClockLine = z.infer<typeof lineSchema>;

/** One line, added in one write: machines that share the folder do not cut each other short. */
export async function appendClock(out: string, line: ClockLine): Promise<void> {
  await Deno.writeTextFile(`${out}/clock.jsonl`, JSON.stringify(line) + "\n", { append: true });
}

/** The last go at each step; a line that a killed process left incomplete counts for nothing. */
export async function readClock(out: string): Promise<Map<string, ClockLine>> {
  const times = new Map<string, ClockLine>();
  const file = `${out}/clock.jsonl`;
  if (!await exists(file)) return times;
  for (const text of (await readText(file)).split("\n")) {
    try {
      const line = lineSchema.parse(JSON.parse(text));
      times.set(line.step, line);
    } catch {
      continue;
    }
  }
  return times;
}
