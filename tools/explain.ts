/** Takes one training step apart. */
import { Option } from "commander";
import { measureCeiling } from "../src/bench/bench.ts";
import { openTuned } from "../src/bench/tiles.ts";
import { makeFolder, requireRoom, writeFileAtomic } from "../src/data/files.ts";
import { type Architecture, architectures, type Precision } from "../src/nn/network.ts";
import { explain, type Explanation, traceEvents } from "../src/study/explain.ts";
import { explanationPage, explanationText } from "../src/study/explain_page.ts";
import type { DefenceSettings } from "../src/train/settings.ts";
import { adapterOption, choice, command, integer, number, precisionOption, run, tuneOption } from "./command.ts";
import { countingBar } from "./progress.ts";

interface Flags {
  json?: boolean;
  adapter?: string;
  tune: boolean;
  arch: Architecture["arch"];
  defence: DefenceSettings["name"];
  width: number;
  size: number;
  batch: number;
  precision: Precision;
  out?: string;
}

const tool = command("explain", "Takes one training step apart: every kernel call, its cost, its time, and the memory.")
  .addOption(choice("--arch <name>", "network", [...architectures], "vgg13"))
  .addOption(choice("--defence <name>", "what it trains against", ["none", "mixup", "mixup-kl", "pgd", "vat"], "none"))
  .addOption(
    new Option("--width <factor>", "multiplies its channels").argParser(number({ above: 0, max: 4 })).default(0.5),
  )
  .addOption(new Option("--size <pixels>", "side of its images").argParser(integer({ min: 32 })).default(32))
  .addOption(new Option("--batch <n>", "images a step").argParser(integer({ min: 2 })).default(16))
  .addOption(precisionOption())
  .option("--out <folder>", "also write step.html with a picture of the memory, and trace.json for Perfetto")
  .addOption(adapterOption())
  .addOption(tuneOption());

await run<Flags, Explanation>(
  tool,
  async ({ adapter, tune, out, arch, defence, width, size, batch, precision }) => {
    if (out !== undefined) await requireRoom(out);
    const engine = await openTuned({ adapter, tune });
    const network = { arch, defence, width, size, batch, precision };
    const explanation = await explain(engine, network, await measureCeiling(engine), countingBar("explain", "runs"));
    engine.gpu.close();
    if (out !== undefined) {
      await makeFolder(out);
      const made = `deno task explain ${Deno.args.join(" ")}`;
      const created = new Date().toISOString().slice(0, 16).replace("T", " ");
      await writeFileAtomic(`${out}/step.html`, await explanationPage(explanation, made, created));
      await writeFileAtomic(`${out}/trace.json`, traceEvents(explanation));
    }
    return explanation;
  },
  explanationText,
);
