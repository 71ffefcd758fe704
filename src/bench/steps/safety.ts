/** The fast ways held against the safe ones: a step from the same weights, and the gradients it comes to. */
import type { DeviceOptions } from "../../gpu/device.ts";
import type { Architecture } from "../../nn/network.ts";
import { openEngine } from "../../tensor/engine.ts";
import type { Engine } from "../../tensor/graph.ts";
import { exampleDefence } from "../cases.ts";
import { differenceOf, type RepeatedStep, repeatedStep } from "./step.ts";
import { type Clockwork, type Ratio, takeTurns } from "./turns.ts";

export interface SafetyRow {
  name: string;
  /** ‖its gradients − the usual device's‖₂ / ‖the usual device's‖₂ in the first step; 0 where every bit is the same. */
  difference: number;
  /** The largest difference that is no fault. */
  allowed: number;
  /** Its time over the usual device's. */
  cost: Ratio;
}

/** Of another order of summation; test/nn/network.test.ts holds gradients against float64 to the same tolerance. */
const ofOtherOrder = 1e-4;

const devices: [name: string, options: DeviceOptions, allowed: number][] = [
  ["without bounds checks", { boundsChecks: false }, 0],
  ["without subgroups", { subgroups: false }, ofOtherOrder],
];

export async function measureSafety(
  adapter: string | undefined,
  architecture: Architecture,
  batch: number,
  { rounds, reading }: Clockwork,
  onRound: (done: number) => void,
): Promise<SafetyRow[]> {
  const engines: Engine[] = [];
  for (const options of [{}, ...devices.map(([, options]) => options)]) {
    engines.push(await openEngine({ adapter, ...options }));
  }
  try {
    const steps: RepeatedStep[] = [];
    for (const engine of engines) {
      steps.push(await repeatedStep(engine, architecture, batch, exampleDefence("none")));
    }
    const gradients: Float32Array[] = [];
    for (const step of steps) {
      await step.run(1);
      gradients.push(await step.readGradients());
    }
    const count = Math.ceil(reading / (await steps[0].run(1)).whole);
    const costs = await takeTurns(steps.map((step) => async () => (await step.run(count)).whole), rounds, onRound);
    for (const step of steps) step.free();
    return devices.map(([name, , allowed], i) => {
      return { name, difference: differenceOf(gradients[i + 1], gradients[0]), allowed, cost: costs[i] };
    });
  } finally {
    for (const { gpu } of engines) gpu.close();
  }
}
