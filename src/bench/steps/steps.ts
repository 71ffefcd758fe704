/** Everything that is claimed about whole training steps, measured. */
import type { Engine } from "../../tensor/graph.ts";
import { design } from "../cases.ts";
import { columns, digits } from "../table.ts";
import { measureDefences, type StepCosts } from "./defences.ts";
import { type EnsembleCost, measureEnsemble } from "./ensemble.ts";
import type { FirstStep } from "./first_step.ts";
import { type Growth, measureGrowth } from "./growth.ts";
import { type Halves, measureHalves } from "./halves.ts";
import { measureSafety, type SafetyRow } from "./safety.ts";
import { measureStart, type Start } from "./start.ts";
import { type Clockwork, type Ratio, usualClockwork } from "./turns.ts";

export interface StepsResult extends StepCosts {
  adapter: string;
  ensemble: EnsembleCost;
  halves: Halves | null;
  growth: Growth;
  safety: SafetyRow[];
  start: Start;
}

export interface StepsOptions {
  clockwork?: Clockwork;
  /** Steps that must leave no trace in memory. */
  growthSteps?: number;
  onProgress?: (line: string) => void;
}

/** One part after the other, alone on the device. */
export async function measureSteps(
  engine: Engine,
  first: FirstStep,
  { clockwork = usualClockwork, growthSteps = 500, onProgress = () => {} }: StepsOptions = {},
): Promise<StepsResult> {
  const { adapter, batch, ...network } = first;
  const architecture = design(network);
  const counting = (what: string, total: number) => (done: number) => onProgress(`${what}: ${done}/${total}`);
  const { rounds } = clockwork;
  const common = [architecture, batch, clockwork] as const;
  return {
    adapter: engine.gpu.name,
    ...await measureDefences(engine, ...common, counting("defences, rounds", rounds)),
    ensemble: await measureEnsemble(engine, ...common, counting("ensemble, rounds", rounds)),
    halves: await measureHalves(engine, ...common, counting("f16, rounds", rounds)),
    growth: await measureGrowth(engine, architecture, batch, growthSteps, counting("growth, steps", growthSteps)),
    safety: await measureSafety(adapter, ...common, counting("safety, rounds", rounds)),
    start: await measureStart(first),
  };
}

/** What is not as it must be, a sentence each; times never are among them. */
export function faultsOf({ growth, safety }: StepsResult): string[] {
  const wrong = safety.filter(({ difference, allowed }) => !(difference <= allowed));
  return [
    ...growth.deviceBytes || growth.deviceBuffers
      ? [`Memory grows: ${growth.steps} steps left ${growth.deviceBytes} bytes in ${growth.deviceBuffers} buffers.`]
      : [],
    ...wrong.map(({ name, difference }) =>
      `The device ${name} computes other gradients, ${difference.toExponential(1)} apart.`
    ),
  ];
}

const ratio = ({ median, low, high }: Ratio) => `${digits(median)}× [${digits(low)}, ${digits(high)}]`;

export function stepsText(result: StepsResult): string {
  const { adapter, defences, host, ensemble, halves, growth, safety, start } = result;
  const rows = [
    ...defences.map(({ name, passes, cost, memory }) => [
      name,
      `${passes.forward}, ${passes.backward}`,
      ratio(cost),
      `${digits(memory)}×`,
    ]),
    [`attack, ${ensemble.members} networks over one`, "", ratio(ensemble.cost), `${digits(ensemble.memory)}×`],
  ];
  const resident = `${digits(growth.resident)}× the resident memory of a tenth of them`;
  return [
    adapter,
    "",
    columns([["step", "passes", "time over the plain step", "memory over its bound"], ...rows], 1),
    "",
    halves
      ? `activations in f16: ${ratio(halves.cost)} of the time, ${digits(halves.memory)}× of the memory, ` +
        `gradients ${halves.difference.toExponential(1)} apart`
      : "activations in f16: not on this adapter",
    `host at work: ${digits(100 * host.median)} % of a plain step`,
    `${growth.steps} steps: ${growth.deviceBytes} bytes more on the device, ${resident}`,
    `from the start of a process to its first step and end: ${digits(start.cold)} s with no shader cached, ` +
    `${digits(start.warm)} s with all`,
    ...safety.map(({ name, difference, cost }) =>
      `${name}: ${
        difference === 0 ? "gradients the same bit for bit" : `gradients ${difference.toExponential(1)} apart`
      }, ` +
      `${ratio(cost)} of the time`
    ),
    ...faultsOf(result),
  ].join("\n");
}
