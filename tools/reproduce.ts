/** The paper's study from beginning to end, or the part of it that is not up to date. */
import { InvalidArgumentError } from "commander";
import { openTuned } from "../src/bench/tiles.ts";
import { type Estimate, estimate, estimateText } from "../src/study/estimate.ts";
import { presets } from "../src/study/presets.ts";
import type { Shard } from "../src/study/run.ts";
import { doStudy, openStudy, type StudyOutcome } from "../src/study/study.ts";
import { adapterOption, choice, command, run, say, tuneOption } from "./command.ts";
import { countingBar, trainingBar } from "./progress.ts";

interface Flags {
  json?: boolean;
  adapter?: string;
  tune: boolean;
  preset: keyof typeof presets;
  settings?: string;
  data?: string;
  out?: string;
  only?: string;
  shard?: Shard;
  dryRun?: boolean;
}

/** What sysexits.h calls a temporary failure: other shards are not done yet; try again later. */
const tryAgain = 75;

const tool = command("reproduce", "Does the paper's study, every table and figure of it, and writes a report.")
  .addOption(choice("--preset <name>", "which study", Object.keys(presets), "tiny"))
  .option("--settings <file>", "JSON file with settings in place of the preset's")
  .option("--data <pack>", "pack to study; tiny, demo and quick draw their own without it")
  .option("--out <dir>", "folder for everything the study makes (default: runs/PRESET)")
  .option("--only <step>", "only this step and what it needs")
  .option("--shard <i/n>", "only every n-th step, for n processes that share --out", shard)
  .option("--dry-run", "print the steps and what they will cost, and do none")
  .addOption(adapterOption())
  .addOption(tuneOption());

function shard(text: string): Shard {
  const [, index, count] = text.match(/^(\d+)\/(\d+)$/)?.map(Number) ?? [];
  if (index >= 1 && index <= count) return { index, count };
  throw new InvalidArgumentError("It must be i/n with i from 1 to n.");
}

/** The command without what concerns this process only. */
function commandOf({ preset, settings, data, out }: Flags): string {
  const flags = Object.entries({ preset, settings, data, out }).filter(([, value]) => value !== undefined);
  return ["deno task reproduce", ...flags.map(([name, value]) => `--${name} ${value}`)].join(" ");
}

function summary(result: StudyOutcome | Estimate): string {
  if ("total" in result) return estimateText(result);
  const { done, upToDate, waiting, report, seconds } = result;
  const counts = `${done.length} steps done in ${
    (seconds / 60).toFixed(1)
  } minutes, ${upToDate.length} were up to date`;
  if (waiting.length > 0) return `${counts}, ${waiting.length} wait for other shards or are theirs; come again.`;
  return [...done, ...upToDate].includes("report") ? `${counts}. The report is ${report}.` : `${counts}.`;
}

await run<Flags, StudyOutcome | Estimate>(
  tool,
  async (flags) => {
    const { preset, settings, data, only, shard, out = `runs/${preset}`, dryRun = false } = flags;
    const opened = await openStudy({ preset, settings, data, only, out, command: commandOf(flags) }, { dry: dryRun });
    const engine = await openTuned(flags);
    if (dryRun) {
      const result = await estimate(engine, opened);
      engine.gpu.close();
      return result;
    }
    const onStep = ({ name }: { name: string }, number: number, total: number) => say(`${number}/${total} ${name} …`);
    const outcome = await doStudy(engine, opened, { shard, onStep, watch: trainingBar, count: countingBar });
    engine.gpu.close();
    if (outcome.waiting.length > 0) Deno.exitCode = tryAgain;
    return outcome;
  },
  summary,
);
