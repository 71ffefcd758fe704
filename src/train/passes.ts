/** How often one training step runs through its network: what a defence costs, whatever the machine. */
import type { Plan } from "../tensor/plan.ts";
import type { DefenceSettings } from "./settings.ts";

export interface Passes {
  forward: number;
  /** Back to the weights or to the images. */
  backward: number;
}

/** By formula: before anything is compiled. */
export function passesOf(defence: DefenceSettings): Passes {
  switch (defence.name) {
    case "none":
    case "mixup":
      return { forward: 1, backward: 1 };
    case "mixup-kl":
      // The cross-entropy goes back through the clean pass in any case, the divergence through the sides with gradient.
      return { forward: 2, backward: defence.klGradient === "clean" ? 1 : 2 };
    case "pgd":
      return { forward: defence.steps + 1, backward: defence.steps + 1 };
    case "vat":
      return { forward: defence.steps + 2, backward: defence.steps + 2 };
  }
}

/** Of the passes back, those that go on to the weights; crafting a perturbation needs the images' gradient alone. */
export function passesToWeights(defence: DefenceSettings): number {
  const twice = defence.name === "vat" || defence.name === "mixup-kl" && defence.klGradient !== "clean";
  return twice ? 2 : 1;
}

/** Counted in a compiled training step: every pass goes through the network's one dense layer, on whatever way back too. */
export function countPasses({ steps }: Plan): Passes {
  const nodes = [...new Set(steps.map(({ node }) => node))];
  const count = (operation: string) => nodes.filter((node) => node.operation === operation).length;
  return { forward: count("dense"), backward: count("dense input gradient") };
}
