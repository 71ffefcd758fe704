/** What a defence costs: its training step beside the plain one, in time and in memory. */
import type { Architecture } from "../../nn/network.ts";
import type { Engine } from "../../tensor/graph.ts";
import { countPasses, type Passes } from "../../train/passes.ts";
import type { DefenceSettings } from "../../train/settings.ts";
import { exampleDefence } from "../cases.ts";
import { type RepeatedStep, repeatedStep } from "./step.ts";
import { type Clockwork, middle, type Ratio, takeTurns } from "./turns.ts";

export interface DefenceCost {
  name: string;
  passes: Passes;
  /** Its time over the plain step's. */
  cost: Ratio;
  /** Bytes of its plan's buffers over the most that are alive at once. */
  memory: number;
}

export interface StepCosts {
  defences: DefenceCost[];
  /** Of a plain step, the share of its time in which the host draws and submits it. */
  host: Ratio;
}

/** Under their names in the table; the first is what the others are compared with. */
export function comparedDefences(): Record<string, DefenceSettings> {
  const mixupKl = (klGradient: "both" | "mixed" | "clean"): DefenceSettings => ({
    name: "mixup-kl",
    alpha: { fixed: 0.4 },
    lambda: 10,
    klGradient,
  });
  return {
    plain: exampleDefence("none"),
    mixup: exampleDefence("mixup"),
    "mixup-kl, gradient through both sides": mixupKl("both"),
    "mixup-kl, through the mixed side": mixupKl("mixed"),
    "mixup-kl, through the clean side": mixupKl("clean"),
    "pgd, 3 iterations": { name: "pgd", epsilon: 8, step: 2, steps: 3 },
    "vat, 3 iterations": { name: "vat", epsilon: 15, xi: 0.1, steps: 3, lambda: 1 },
  };
}

export async function measureDefences(
  engine: Engine,
  architecture: Architecture,
  batch: number,
  { rounds, reading }: Clockwork,
  onRound: (done: number) => void,
): Promise<StepCosts> {
  const defences = Object.entries(comparedDefences());
  const steps: RepeatedStep[] = [];
  for (const [, defence] of defences) steps.push(await repeatedStep(engine, architecture, batch, defence));
  try {
    for (const step of steps) await step.run(1);
    const { whole } = await steps[0].run(1);
    const count = Math.ceil(reading / whole);
    const host: number[] = [];
    const times = steps.map((step) => async () => {
      const { whole, host: own } = await step.run(count);
      if (step === steps[0]) host.push(own / whole);
      return whole;
    });
    const ratios = await takeTurns(times, rounds, onRound);
    const costs = [{ median: 1, low: 1, high: 1 }, ...ratios];
    return {
      defences: steps.map(({ plan }, i) => ({
        name: defences[i][0],
        passes: countPasses(plan),
        cost: costs[i],
        memory: plan.memory.allocated / plan.memory.lowerBound,
      })),
      host: middle(host),
    };
  } finally {
    for (const step of steps) step.free();
  }
}
