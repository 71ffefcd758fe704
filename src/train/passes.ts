/** How often one training step runs through its network: what a defence costs, whatever the machine. */
import type { DefenceSettings } from "./settings.ts";

export interface Passes {
  forward: number;
  /** Back to the weights or to the images. */
  backward: number;
}

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
