/** The main job in small: data, nine networks, three attacks, the assessment and a report. */
import type { Assessment } from "../src/assess/assess.ts";
import { assessmentTable } from "../src/assess/table.ts";
import { openTuned } from "../src/bench/tiles.ts";
import { readResults } from "../src/study/results.ts";
import { doStudy, openStudy, type StudyOutcome } from "../src/study/study.ts";
import { adapterOption, command, run, say, tuneOption } from "./command.ts";
import { countingBar, trainingBar } from "./progress.ts";

interface Flags {
  json?: boolean;
  adapter?: string;
  tune: boolean;
  out: string;
  quick?: boolean;
}

const tool = command("demo", "Draws a data set, trains nine small networks, attacks them and writes a report.")
  .option("--out <dir>", "folder for everything the demo makes", "runs/demo")
  .option("--quick", "fewer images and epochs: about two minutes instead of four and a half")
  .addOption(adapterOption())
  .addOption(tuneOption());

await run<Flags, StudyOutcome & { assessment: Assessment }>(
  tool,
  async ({ adapter, tune, out, quick = false }) => {
    const command = ["deno task demo", out === "runs/demo" ? "" : ` --out ${out}`, quick ? " --quick" : ""].join("");
    const opened = await openStudy({ preset: quick ? "quick" : "demo", out, command });
    const engine = await openTuned({ adapter, tune });
    say(`on ${engine.gpu.name}`);
    const onStep = ({ name }: { name: string }, number: number, total: number) => say(`${number}/${total} ${name} …`);
    const outcome = await doStudy(engine, opened, { onStep, watch: trainingBar, count: countingBar });
    engine.gpu.close();
    const { assessment } = await readResults(opened.study, out);
    return { ...outcome, assessment };
  },
  ({ report, seconds, assessment }) =>
    `${assessmentTable(assessment)}\n\nThe report is ${report} (${(seconds / 60).toFixed(1)} minutes).`,
);
