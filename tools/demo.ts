/** The whole job in small: data, nine networks, three attacks, the assessment and a report. */
import { writeFileAtomic } from "../src/data/files.ts";
import { renderReport } from "../src/report/report.ts";
import { demoReport } from "../src/study/demo_report.ts";
import { demoSettings, quickSettings, runDemo } from "../src/study/demo.ts";
import { openEngine } from "../src/tensor/engine.ts";
import { assessmentTable } from "../src/assess/table.ts";
import type { Assessment } from "../src/assess/assess.ts";
import { adapterOption, command, run, say } from "./command.ts";
import { trainingBar } from "./progress.ts";

interface Flags {
  json?: boolean;
  adapter?: string;
  out: string;
  quick?: boolean;
}

interface Result {
  report: string;
  seconds: number;
  assessment: Assessment;
}

const tool = command("demo", "Draws a data set, trains nine small networks, attacks them and writes a report.")
  .option("--out <dir>", "folder for everything the demo makes", "runs/demo")
  .option("--quick", "fewer images and epochs: about two minutes instead of ten")
  .addOption(adapterOption());

await run<Flags, Result>(
  tool,
  async ({ adapter, out, quick = false }) => {
    const begun = performance.now();
    const engine = await openEngine({ adapter });
    say(`on ${engine.gpu.name}`);
    const settings = quick ? quickSettings : demoSettings;
    const demo = await runDemo(engine, { out, settings, onStep: (step) => say(`${step} …`), watch: trainingBar });
    const flags = [out === "runs/demo" ? "" : ` --out ${out}`, quick ? " --quick" : ""].join("");
    const report = `${out}/report.html`;
    await writeFileAtomic(report, await renderReport(await demoReport(engine, demo, `deno task demo${flags}`)));
    engine.gpu.close();
    return { report, seconds: (performance.now() - begun) / 1000, assessment: demo.assessment };
  },
  ({ report, seconds, assessment }) =>
    `${assessmentTable(assessment)}\n\nThe report is ${report} (${(seconds / 60).toFixed(1)} minutes).`,
);
