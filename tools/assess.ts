/** Measures how resilient networks are against adversarial sets. */
import { assess, type Assessment } from "../src/assess/assess.ts";
import { assessmentTable } from "../src/assess/table.ts";
import { openTuned } from "../src/bench/tiles.ts";
import { makeFolder, requireRoom, writeFileAtomic } from "../src/data/files.ts";
import { adapterOption, command, list, run, say, tuneOption } from "./command.ts";

interface Flags {
  json?: boolean;
  adapter?: string;
  tune: boolean;
  sets: string[];
  models: string[];
  out: string;
}

const tool = command(
  "assess",
  "Accuracy of networks on adversarial sets and their originals, as in the paper's Table II.",
)
  .requiredOption("--sets <sets>", "adversarial sets, separated by commas", list)
  .requiredOption("--models <runs>", "trained networks, separated by commas", list)
  .requiredOption("--out <dir>", "folder for assessment.json and assessment.md")
  .addOption(adapterOption())
  .addOption(tuneOption());

await run<Flags, Assessment>(tool, async ({ adapter, tune, sets, models, out }) => {
  await requireRoom(out);
  const engine = await openTuned({ adapter, tune });
  const assessment = await assess(engine, sets, models, (what) => say(`assessed ${what}`));
  engine.gpu.close();
  await makeFolder(out);
  await writeFileAtomic(`${out}/assessment.json`, JSON.stringify(assessment, null, 2) + "\n");
  await writeFileAtomic(`${out}/assessment.md`, assessmentTable(assessment) + "\n");
  return assessment;
}, assessmentTable);
