/** What it brings to keep activations in f16, and what it costs: a plain step beside the same one in f32. */
import type { Architecture } from "../../nn/network.ts";
import type { Engine } from "../../tensor/graph.ts";
import { exampleDefence } from "../cases.ts";
import { differenceOf, type RepeatedStep, repeatedStep } from "./step.ts";
import { type Clockwork, type Ratio, takeTurns } from "./turns.ts";

export interface Halves {
  /** Its time, and the bytes of its plan's buffers, over those in f32. */
  cost: Ratio;
  memory: number;
  /** ‖its gradients − f32's‖₂ / ‖f32's‖₂ in the first step. */
  difference: number;
}

/** @returns null on an adapter without f16 */
export async function measureHalves(
  engine: Engine,
  architecture: Architecture,
  batch: number,
  { rounds, reading }: Clockwork,
  onRound: (done: number) => void,
): Promise<Halves | null> {
  if (!engine.gpu.halves) return null;
  const steps: RepeatedStep[] = [];
  try {
    for (const precision of ["f32", "f16"] as const) {
      steps.push(await repeatedStep(engine, architecture, batch, exampleDefence("none"), precision));
    }
    for (const step of steps) await step.run(1);
    const [usual, found] = [await steps[0].readGradients(), await steps[1].readGradients()];
    const count = Math.ceil(reading / (await steps[0].run(1)).whole);
    const [cost] = await takeTurns(steps.map((step) => async () => (await step.run(count)).whole), rounds, onRound);
    const [wide, half] = steps.map(({ plan }) => plan.memory.allocated);
    return { cost, memory: half / wide, difference: differenceOf(found, usual) };
  } finally {
    for (const step of steps) step.free();
  }
}
