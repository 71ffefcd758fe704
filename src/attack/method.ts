/** The attacks by name: each is one iteration, with its own step, number of steps, momentum and start. */
import { type AttackSettings, automaticSteps } from "./craft.ts";

export const methods = ["fgsm", "i-fgsm", "mi-fgsm", "pgd"] as const;
export type Method = typeof methods[number];

/**
 * What a method is unless told otherwise.
 *
 * - fgsm: one step of ε (Goodfellow et al., ICLR 2015)
 * - i-fgsm: steps of 1 (Kurakin et al., ICLR 2017); the paper's, with the fusion `gradients`
 * - mi-fgsm: ten steps of ε / 10 with momentum (Dong et al., CVPR 2018)
 * - pgd: steps of 1 from a random start (Madry et al., ICLR 2018)
 */
export function settingsOf(
  method: Method,
  epsilon: number,
): Required<Pick<AttackSettings, "step" | "steps" | "momentum" | "randomStart">> {
  const steps = automaticSteps(epsilon);
  switch (method) {
    case "fgsm":
      return { step: epsilon, steps: 1, momentum: 0, randomStart: false };
    case "i-fgsm":
      return { step: 1, steps, momentum: 0, randomStart: false };
    case "mi-fgsm":
      return { step: epsilon / 10, steps: 10, momentum: 1, randomStart: false };
    case "pgd":
      return { step: 1, steps, momentum: 0, randomStart: true };
  }
}
