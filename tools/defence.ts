/** The flags of the defences: each has its own, and a flag the chosen defence does not use is refused. */
import { type Command, InvalidArgumentError } from "commander";
import { type Alpha, alphaSchema, type DefenceSettings } from "../src/train/settings.ts";
import { choice, integer, number } from "./command.ts";

export interface DefenceFlags {
  defence: DefenceSettings["name"];
  alpha?: Alpha;
  lambda?: number;
  klGradient?: "both" | "mixed" | "clean";
  pgdEpsilon?: number;
  pgdStep?: number;
  pgdSteps?: number;
  vatEpsilon?: number;
  vatXi?: number;
  vatSteps?: number;
}

const names: Record<Exclude<keyof DefenceFlags, "defence">, string> = {
  alpha: "--alpha",
  lambda: "--lambda",
  klGradient: "--kl-gradient",
  pgdEpsilon: "--pgd-epsilon",
  pgdStep: "--pgd-step",
  pgdSteps: "--pgd-steps",
  vatEpsilon: "--vat-epsilon",
  vatXi: "--vat-xi",
  vatSteps: "--vat-steps",
};

const used: Record<DefenceSettings["name"], (keyof typeof names)[]> = {
  none: [],
  mixup: ["alpha"],
  "mixup-kl": ["alpha", "lambda", "klGradient"],
  pgd: ["pgdEpsilon", "pgdStep", "pgdSteps"],
  vat: ["vatEpsilon", "vatXi", "vatSteps", "lambda"],
};

/** Adds `--defence` and the flags of all defences. */
export function addDefence(tool: Command): Command {
  const pixels = { min: 0, max: 255 };
  return tool
    .addOption(choice("--defence <name>", "what to train against", Object.keys(used), "none"))
    .option(
      "--alpha <a>",
      "share of the partner image: a number, or beta:p,q (0.4 for mixup, beta:2,4 for mixup-kl)",
      alpha,
    )
    .option("--lambda <weight>", "weight of the divergence (10 for mixup-kl, 1 for vat)", number({ min: 0 }))
    .addOption(choice("--kl-gradient <side>", "side of the divergence with gradient (default: both)", [
      "both",
      "mixed",
      "clean",
    ]))
    .option("--pgd-epsilon <e>", "largest change of a value in pgd, of 255 (default: 8)", number(pixels))
    .option("--pgd-step <s>", "change of one step in pgd, of 255 (default: 2)", number({ above: 0, max: 255 }))
    .option("--pgd-steps <n>", "steps to craft an adversary in pgd (default: 7)", integer({ min: 1 }))
    .option(
      "--vat-epsilon <e>",
      "L2 length of vat's change, as of 128×128 images in [0, 1] (default: 15)",
      number({ min: 0 }),
    )
    .option("--vat-xi <x>", "length vat probes with, likewise (default: 0.1)", number({ above: 0 }))
    .option("--vat-steps <n>", "power iterations in vat (default: 3)", integer({ min: 1 }));
}

/** Defaults depend on the defence. */
export function defenceOf(tool: Command, { defence: name, ...flags }: DefenceFlags): DefenceSettings {
  for (const flag of Object.keys(names) as (keyof typeof names)[]) {
    if (flags[flag] === undefined || used[name].includes(flag)) continue;
    tool.error(`error: ${names[flag]} has no meaning with --defence ${name}`, { exitCode: 2 });
  }
  const { alpha, lambda, klGradient, pgdEpsilon, pgdStep, pgdSteps, vatEpsilon, vatXi, vatSteps } = flags;
  switch (name) {
    case "none":
      return { name };
    case "mixup":
      return { name, alpha: alpha ?? { fixed: 0.4 } };
    case "mixup-kl":
      return { name, alpha: alpha ?? { beta: [2, 4] }, lambda: lambda ?? 10, klGradient: klGradient ?? "both" };
    case "pgd":
      return { name, epsilon: pgdEpsilon ?? 8, step: pgdStep ?? 2, steps: pgdSteps ?? 7 };
    case "vat":
      return { name, epsilon: vatEpsilon ?? 15, xi: vatXi ?? 0.1, steps: vatSteps ?? 3, lambda: lambda ?? 1 };
  }
}

function alpha(text: string): Alpha {
  const [, p, q] = text.match(/^beta:([\d.]+),([\d.]+)$/) ?? [];
  const parsed = alphaSchema.safeParse(p ? { beta: [Number(p), Number(q)] } : { fixed: Number(text) });
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError("It must be a number between 0 and 1, or beta:p,q with p and q of at least 1.");
}
