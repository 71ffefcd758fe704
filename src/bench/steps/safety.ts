/** The fast ways held against the safe ones: the same steps from the same weights, and what became of them. */
import type { DeviceOptions } from "../../gpu/device.ts";
import type { Architecture } from "../../nn/network.ts";
import { openEngine } from "../../tensor/engine.ts";
import type { Engine } from "../../tensor/graph.ts";
import { exampleDefence } from "../cases.ts";
import { type RepeatedStep, repeatedStep } from "./step.ts";
import { type Clockwork, type Ratio, takeTurns } from "./turns.ts";

export interface SafetyRow {
  name: string;
  /** ‖its weights − the usual device's‖₂ / ‖the usual device's‖₂ after the steps; 0 where every bit is the same. */
  difference: number;
  /** The largest difference that is no fault. */
  allowed: number;
  /** Its time over the usual device's. */
  cost: Ratio;
}

export const safetySteps = 5;

/** Another order of summation moves a weight by some 1e-7 of its size, and the steps behind it carry that on. */
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
    for (const step of steps) await step.run(safetySteps);
    const weights: Weights[] = [];
    for (const { network } of steps) weights.push(await network.parameters.read());
    const count = Math.ceil(reading / (await steps[0].run(1)).whole);
    const costs = await takeTurns(steps.map((step) => async () => (await step.run(count)).whole), rounds, onRound);
    for (const step of steps) step.free();
    return devices.map(([name, , allowed], i) => {
      return { name, difference: differenceOf(weights[i + 1], weights[0]), allowed, cost: costs[i] };
    });
  } finally {
    for (const { gpu } of engines) gpu.close();
  }
}

type Weights = ReadonlyMap<string, Float32Array>;

function differenceOf(found: Weights, usual: Weights): number {
  let [difference, norm] = [0, 0];
  for (const [name, values] of usual) {
    const others = found.get(name)!;
    values.forEach((value, i) => {
      difference += (others[i] - value) ** 2;
      norm += value ** 2;
    });
  }
  return Math.sqrt(difference / norm);
}
