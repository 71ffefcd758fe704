/** Trains one network on a pack. */
import { Option } from "commander";
import { openTuned } from "../src/bench/tiles.ts";
import { openPack } from "../src/data/pack.ts";
import { type Architecture, architectures, type Precision } from "../src/nn/network.ts";
import { train } from "../src/train/train.ts";
import { adapterOption, choice, command, integer, number, precisionOption, run, tuneOption } from "./command.ts";
import { addDefence, type DefenceFlags, defenceOf } from "./defence.ts";
import { trainingBar } from "./progress.ts";

interface Flags extends DefenceFlags {
  json?: boolean;
  adapter?: string;
  tune: boolean;
  data: string;
  arch: Architecture["arch"];
  out: string;
  width: number;
  epochs: number;
  batch: number;
  lr: number;
  seed: number;
  precision: Precision;
  resume?: boolean;
}

const tool = command("train", "Trains one network on a pack and writes its run folder.")
  .requiredOption("--data <pack>", "pack to train on")
  .addOption(choice("--arch <name>", "architecture", [...architectures]).makeOptionMandatory())
  .requiredOption("--out <run>", "run folder to write")
  .addOption(
    new Option("--width <factor>", "multiplies the channels").argParser(number({ above: 0, max: 4 })).default(1),
  );
addDefence(tool)
  .addOption(new Option("--epochs <n>", "passes over the training images").argParser(integer({ min: 1 })).default(30))
  .addOption(new Option("--batch <n>", "images a step").argParser(integer({ min: 2 })).default(128))
  .addOption(new Option("--lr <rate>", "learning rate at the start").argParser(number({ above: 0 })).default(0.1))
  .addOption(new Option("--seed <n>", "seed of all randomness").argParser(integer()).default(1))
  .addOption(precisionOption())
  .option("--resume", "go on from the last checkpoint in --out")
  .addOption(adapterOption())
  .addOption(tuneOption());

tool.action((flags: Flags) => {
  const { name } = defenceOf(tool, flags);
  // ξ changes a pixel by less than the distance between two f16.
  if (name === "vat" && flags.precision === "f16") {
    tool.error("error: --precision f16 is too coarse for the finite difference of --defence vat", { exitCode: 2 });
  }
});

await run<Flags, Awaited<ReturnType<typeof train>>>(
  tool,
  async (flags) => {
    const pack = await openPack(flags.data);
    const settings = {
      arch: flags.arch,
      width: flags.width,
      defence: defenceOf(tool, flags),
      epochs: flags.epochs,
      batch: flags.batch,
      learningRate: flags.lr,
      seed: flags.seed,
      precision: flags.precision,
    };
    const engine = await openTuned(flags);
    const { out, resume } = flags;
    const result = await train(engine, pack, settings, { out, resume, ...trainingBar(out) });
    engine.gpu.close();
    return result;
  },
  ({ run, validationAccuracy, bestAccuracy, bestEpoch }) =>
    `${run}: validation accuracy ${(validationAccuracy * 100).toFixed(1)} %, ` +
    `best ${(bestAccuracy * 100).toFixed(1)} % after epoch ${bestEpoch}`,
);
