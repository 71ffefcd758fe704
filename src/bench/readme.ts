/** The table in kernels/README.md. */
import { readText, writeFileAtomic } from "../data/files.ts";
import { UserError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import type { BenchResult } from "./bench.ts";
import { digits, markdownTable } from "./table.ts";

const path = decodeURIComponent(new URL("../../kernels/README.md", import.meta.url).pathname);
const [begin, end] = ["<!-- bench: begin -->", "<!-- bench: end -->"];

/**
 * Replaces what stands between the two markers. On a software adapter by shares alone: its times mean nothing elsewhere.
 *
 * @param flags of the command that made the result
 */
export async function writeReadme({ software }: Gpu, result: BenchResult, flags: readonly string[]): Promise<void> {
  const text = await readText(path);
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new UserError(`${path} has lost the markers ${begin} and ${end}.`);
  const { gflops, gbs } = result.ceiling;
  const ceilings = software ? "" : `, ceilings ${digits(gflops)} GFLOP/s and ${digits(gbs)} GB/s`;
  const made = `\`deno task bench ${flags.join(" ")}\` on ${result.adapter}${ceilings}:`;
  const table = markdownTable(result, !software);
  await writeFileAtomic(path, `${text.slice(0, from)}${begin}\n\n${made}\n\n${table}\n\n${text.slice(to)}`);
}
