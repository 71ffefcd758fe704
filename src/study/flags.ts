/** Defences as the flags of `deno task train`. */
import type { DefenceSettings } from "../train/settings.ts";

/** Begins with a space, or is empty for plain training. */
export function defenceFlags(defence: DefenceSettings): string {
  switch (defence.name) {
    case "none":
      return "";
    case "mixup":
      return ` --defence mixup --alpha ${alphaText(defence.alpha)}`;
    case "mixup-kl":
      return ` --defence mixup-kl --alpha ${alphaText(defence.alpha)} --lambda ${defence.lambda} ` +
        `--kl-gradient ${defence.klGradient}`;
    case "pgd":
      return ` --defence pgd --pgd-epsilon ${defence.epsilon} --pgd-step ${defence.step} --pgd-steps ${defence.steps}`;
    case "vat":
      return ` --defence vat --vat-epsilon ${defence.epsilon} --vat-xi ${defence.xi} --vat-steps ${defence.steps} ` +
        `--lambda ${defence.lambda}`;
  }
}

function alphaText(alpha: Extract<DefenceSettings, { name: "mixup" }>["alpha"]): string {
  return "fixed" in alpha ? String(alpha.fixed) : `beta:${alpha.beta}`;
}
