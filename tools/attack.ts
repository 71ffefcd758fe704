/** Attacks a pack's held-out images with an ensemble of trained networks. */
import { Option } from "commander";
import { type Filter, filters, type Manifest } from "../src/attack/adversarial_set.ts";
import { attack } from "../src/attack/attack.ts";
import { automaticSteps } from "../src/attack/craft.ts";
import { openPack } from "../src/data/pack.ts";
import { openEngine } from "../src/tensor/engine.ts";
import { adapterOption, choice, command, integer, list, number, run } from "./command.ts";
import { countingBar } from "./progress.ts";

interface Flags {
  json?: boolean;
  adapter?: string;
  data: string;
  models: string[];
  out: string;
  epsilon: number;
  step: number;
  steps: number | "auto";
  filter: Filter;
}

const tool = command("attack", "Writes an adversarial set: the gradient ensemble attack on a pack's validation images.")
  .requiredOption("--data <pack>", "pack whose validation images are attacked")
  .requiredOption("--models <runs>", "trained networks of the ensemble, separated by commas", list)
  .requiredOption("--out <set>", "folder of the set to write")
  .addOption(
    new Option("--epsilon <e>", "largest change of a value, of 255").argParser(number({ min: 0, max: 255 })).default(
      16,
    ),
  )
  .addOption(
    new Option("--step <s>", "change of one iteration, of 255").argParser(number({ above: 0, max: 255 })).default(1),
  )
  .addOption(
    new Option("--steps <n>", "iterations, or auto: min(ε + 4, 1.25 ε)")
      .argParser((text) => text === "auto" ? text : integer({ min: 1 })(text))
      .default("auto"),
  )
  .addOption(choice("--filter <rule>", "which adversaries are kept", [...filters], "correct-then-wrong"))
  .addOption(adapterOption());

await run<Flags, Manifest>(
  tool,
  async ({ adapter, data, models, out, epsilon, step, steps, filter }) => {
    const pack = await openPack(data);
    const engine = await openEngine({ adapter });
    const iterations = steps === "auto" ? automaticSteps(epsilon) : steps;
    const onProgress = countingBar(out, "images");
    const manifest = await attack(engine, pack, models, { out, epsilon, step, steps: iterations, filter, onProgress });
    engine.gpu.close();
    return manifest;
  },
  ({ candidates, correct, adversarial, members, epsilon }) =>
    `${members.length} member${members.length === 1 ? "" : "s"}, ε = ${epsilon}: ${adversarial} adversaries, ` +
    `of ${correct} images all members classified correctly, of ${candidates} held out`,
);
