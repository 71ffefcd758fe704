/** What the report calls architectures and defences. */
import type { Architecture } from "../nn/network.ts";
import type { DefenceSettings } from "../train/settings.ts";

export const architectureTitles: Record<Architecture["arch"], string> = {
  vgg13: "VGGNet13",
  resnet32: "ResNet32",
  resnet50: "ResNet50",
};

/** A defence in the two lines of the paper's tables: the heading of its group, and what tells it apart there. */
export function titleOf(defence: DefenceSettings): { group: string; name: string } {
  switch (defence.name) {
    case "none":
      return { group: "Base model", name: "" };
    case "mixup":
      return { group: "Mixup (method 1)", name: alphaTitle(defence.alpha) };
    case "mixup-kl": {
      const method = "fixed" in defence.alpha ? 2 : 3;
      const side = defence.klGradient === "both" ? "" : `, gradient through the ${defence.klGradient} side only`;
      return { group: `Mixup-KL, λ = ${defence.lambda} (method ${method})`, name: alphaTitle(defence.alpha) + side };
    }
    case "pgd":
      return { group: `PGD, ε = ${defence.epsilon}, λ = ${defence.step}`, name: `I = ${defence.steps}` };
    case "vat":
      return { group: `VAT, I = ${defence.steps}, λ = ${defence.lambda}`, name: `ε = ${defence.epsilon}` };
  }
}

/** In one line. */
export function shortTitle(defence: DefenceSettings): string {
  const { group, name } = titleOf(defence);
  return name === "" ? group : `${group.split(/[,(]/)[0].trim()}, ${name}`;
}

function alphaTitle(alpha: Extract<DefenceSettings, { name: "mixup" }>["alpha"]): string {
  return "fixed" in alpha ? `α = ${alpha.fixed}` : `α ~ B(${alpha.beta.join(", ")})`;
}
