/** Measures what is claimed about whole training steps. */
import { Option } from "commander";
import { faultsOf, measureSteps, type StepsResult, stepsText } from "../src/bench/steps/steps.ts";
import { openTuned } from "../src/bench/tiles.ts";
import { writeFileAtomic } from "../src/data/files.ts";
import { type Architecture, architectures } from "../src/nn/network.ts";
import { adapterOption, choice, command, integer, number, run, say, tuneOption } from "./command.ts";

interface Flags {
  json?: boolean;
  adapter?: string;
  tune: boolean;
  arch: Architecture["arch"];
  width: number;
  size: number;
  batch: number;
  save?: string;
}

const tool = command(
  "prove",
  "Measures what is claimed about whole steps: what defences and ensembles cost, memory and its growth, the host's " +
    "share, the start, fast = safe. Exits with 1 where memory grows or fast is not safe.",
)
  .addOption(choice("--arch <name>", "network", [...architectures], "vgg13"))
  .addOption(
    new Option("--width <factor>", "multiplies its channels").argParser(number({ above: 0, max: 4 })).default(0.25),
  )
  .addOption(new Option("--size <pixels>", "side of its images").argParser(integer({ min: 32 })).default(32))
  .addOption(new Option("--batch <n>", "images a step").argParser(integer({ min: 2 })).default(64))
  .option("--save <file>", "write the result as JSON")
  .addOption(adapterOption())
  .addOption(tuneOption());

await run<Flags, StepsResult>(
  tool,
  async ({ adapter, tune, arch, width, size, batch, save }) => {
    const engine = await openTuned({ adapter, tune });
    const result = await measureSteps(engine, { adapter, arch, width, size, batch }, { onProgress: say });
    engine.gpu.close();
    if (faultsOf(result).length > 0) Deno.exitCode = 1;
    if (save !== undefined) await writeFileAtomic(save, JSON.stringify(result, null, 2) + "\n");
    return result;
  },
  stepsText,
);
