/** Trains one network on a pack. */
import { InvalidArgumentError, Option } from "commander";
import { openPack } from "../src/data/pack.ts";
import { architectures } from "../src/nn/network.ts";
import { openEngine } from "../src/tensor/engine.ts";
import { type Alpha, alphaSchema, type DefenceSettings } from "../src/train/settings.ts";
import { train } from "../src/train/train.ts";
import { adapterOption, choice, command, integer, number, run } from "./command.ts";
import { trainingBar } from "./progress.ts";

interface Flags {
  json?: boolean;
  adapter?: string;
  data: string;
  arch: "vgg13";
  out: string;
  width: number;
  defence: DefenceSettings["name"];
  alpha?: Alpha;
  lambda?: number;
  klGradient?: "both" | "mixed" | "clean";
  epochs: number;
  batch: number;
  lr: number;
  seed: number;
  resume?: boolean;
}

function alpha(text: string): Alpha {
  const [, p, q] = text.match(/^beta:([\d.]+),([\d.]+)$/) ?? [];
  const parsed = alphaSchema.safeParse(p ? { beta: [Number(p), Number(q)] } : { fixed: Number(text) });
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError("It must be a number between 0 and 1, or beta:p,q with p and q of at least 1.");
}

/** Defaults depend on the defence, and a flag the defence does not use is refused rather than ignored. */
function defenceOf({ defence: name, alpha, lambda, klGradient }: Flags): DefenceSettings {
  const refuse = (given: Record<string, unknown>) => {
    for (const [flag, value] of Object.entries(given)) {
      if (value !== undefined) tool.error(`error: ${flag} has no meaning with --defence ${name}`, { exitCode: 2 });
    }
  };
  if (name === "none") refuse({ "--alpha": alpha });
  if (name !== "mixup-kl") refuse({ "--lambda": lambda, "--kl-gradient": klGradient });
  if (name === "none") return { name };
  if (name === "mixup") return { name, alpha: alpha ?? { fixed: 0.4 } };
  return { name, alpha: alpha ?? { beta: [2, 4] }, lambda: lambda ?? 10, klGradient: klGradient ?? "both" };
}

const tool = command("train", "Trains one network on a pack and writes its run folder.")
  .requiredOption("--data <pack>", "pack to train on")
  .addOption(choice("--arch <name>", "architecture", [...architectures]).makeOptionMandatory())
  .requiredOption("--out <run>", "run folder to write")
  .addOption(
    new Option("--width <factor>", "multiplies the channels").argParser(number({ above: 0, max: 4 })).default(1),
  )
  .addOption(choice("--defence <name>", "what to train against", ["none", "mixup", "mixup-kl"], "none"))
  .option(
    "--alpha <a>",
    "share of the partner image: a number, or beta:p,q (0.4 for mixup, beta:2,4 for mixup-kl)",
    alpha,
  )
  .option("--lambda <weight>", "weight of the divergence in mixup-kl (default: 10)", number({ min: 0 }))
  .addOption(choice("--kl-gradient <side>", "side of the divergence with gradient (default: both)", [
    "both",
    "mixed",
    "clean",
  ]))
  .addOption(new Option("--epochs <n>", "passes over the training images").argParser(integer({ min: 1 })).default(30))
  .addOption(new Option("--batch <n>", "images a step").argParser(integer({ min: 2 })).default(128))
  .addOption(new Option("--lr <rate>", "learning rate at the start").argParser(number({ above: 0 })).default(0.1))
  .addOption(new Option("--seed <n>", "seed of all randomness").argParser(integer()).default(1))
  .option("--resume", "go on from the last checkpoint in --out")
  .addOption(adapterOption());

tool.action((flags: Flags) => {
  defenceOf(flags);
});

await run<Flags, Awaited<ReturnType<typeof train>>>(
  tool,
  async (flags) => {
    const pack = await openPack(flags.data);
    const settings = {
      arch: flags.arch,
      width: flags.width,
      defence: defenceOf(flags),
      epochs: flags.epochs,
      batch: flags.batch,
      learningRate: flags.lr,
      seed: flags.seed,
    };
    const engine = await openEngine({ adapter: flags.adapter });
    const { out, resume } = flags;
    const result = await train(engine, pack, settings, { out, resume, ...trainingBar(out) });
    engine.gpu.close();
    return result;
  },
  ({ run, validationAccuracy, bestAccuracy, bestEpoch }) =>
    `${run}: validation accuracy ${(validationAccuracy * 100).toFixed(1)} %, ` +
    `best ${(bestAccuracy * 100).toFixed(1)} % after epoch ${bestEpoch}`,
);
