/** Attacks a pack's held-out images with an ensemble of trained networks. */
import { Option } from "commander";
import { type Filter, filters, type Manifest } from "../src/attack/adversarial_set.ts";
import { attack } from "../src/attack/attack.ts";
import { automaticSteps } from "../src/attack/craft.ts";
import { type Fusion, fusions } from "../src/attack/direction.ts";
import { type Method, methods, settingsOf } from "../src/attack/method.ts";
import { type Norm, norms } from "../src/attack/round.ts";
import { openTuned } from "../src/bench/tiles.ts";
import { openPack } from "../src/data/pack.ts";
import { adapterOption, choice, command, integer, list, number, run, tuneOption } from "./command.ts";
import { countingBar } from "./progress.ts";

interface Flags {
  json?: boolean;
  adapter?: string;
  tune: boolean;
  data: string;
  models: string[];
  out: string;
  method: Method;
  fusion: Fusion;
  norm: Norm;
  epsilon: number;
  step?: number;
  steps?: number | "auto";
  momentum?: number;
  randomStart?: boolean;
  filter: Filter;
}

const tool = command("attack", "Writes an adversarial set: an ensemble's attack on a pack's validation images.")
  .requiredOption("--data <pack>", "pack whose validation images are attacked")
  .requiredOption("--models <runs>", "trained networks of the ensemble, separated by commas", list)
  .requiredOption("--out <set>", "folder of the set to write")
  .addOption(new Option("--epsilon <e>", "largest change, of 255").argParser(number({ min: 0 })).default(16))
  .addOption(choice("--method <name>", "attack", [...methods], "i-fgsm"))
  .addOption(choice("--fusion <what>", "what the ensemble puts together", [...fusions], "gradients"))
  .addOption(
    choice("--norm <ball>", "which change ε limits: each value's, or an image's L2 length", [...norms], "linf"),
  )
  .option(
    "--step <s>",
    "change of one iteration, of 255 (default: 1, for mi-fgsm a tenth of ε)",
    number({ above: 0 }),
  )
  .option(
    "--steps <n>",
    "iterations, or auto: min(ε + 4, 1.25 ε) (default: auto, for mi-fgsm 10)",
    (text) => text === "auto" ? text : integer({ min: 1 })(text),
  )
  .option("--momentum <m>", "how much of its direction mi-fgsm keeps (default: 1)", number({ min: 0 }))
  .option("--random-start", "start at a random place in the ball, as pgd always does")
  .addOption(choice("--filter <rule>", "which adversaries are kept", [...filters], "correct-then-wrong"))
  .addOption(adapterOption())
  .addOption(tuneOption());

/** Defaults depend on the method, and a flag the method does not use is refused rather than ignored. */
function settings({ method, fusion, norm, epsilon, step, steps, momentum, randomStart }: Flags) {
  if (norm === "linf" && epsilon > 255) {
    tool.error("error: --epsilon must lie between 0 and 255 with --norm linf", { exitCode: 2 });
  }
  const refuse = (flag: string) => tool.error(`error: ${flag} has no meaning with --method ${method}`, { exitCode: 2 });
  if (method === "fgsm" && step !== undefined) refuse("--step");
  if (method === "fgsm" && steps !== undefined) refuse("--steps");
  if (method !== "mi-fgsm" && momentum !== undefined) refuse("--momentum");
  const own = settingsOf(method, epsilon);
  return {
    method,
    fusion,
    norm,
    epsilon,
    step: step ?? own.step,
    steps: steps === "auto" ? automaticSteps(epsilon) : steps ?? own.steps,
    momentum: momentum ?? own.momentum,
    randomStart: randomStart ?? own.randomStart,
  };
}

tool.action((flags: Flags) => {
  settings(flags);
});

await run<Flags, Manifest>(
  tool,
  async (flags) => {
    const { adapter, tune, data, models, out, filter } = flags;
    const pack = await openPack(data);
    const engine = await openTuned({ adapter, tune });
    const onProgress = countingBar(out, "images");
    const manifest = await attack(engine, pack, models, { out, filter, onProgress, ...settings(flags) });
    engine.gpu.close();
    return manifest;
  },
  ({ candidates, correct, adversarial, members, method, epsilon }) =>
    `${method}, ${members.length} member${members.length === 1 ? "" : "s"}, ε = ${epsilon}: ` +
    `${adversarial} adversaries, of ${correct} images all members classified correctly, of ${candidates} held out`,
);
