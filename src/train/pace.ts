/** How long a training step takes with each defence (the paper's Table I), on whatever machine this is. */
import { z } from "zod";
import type { Pack } from "../data/pack.ts";
import { UserError } from "../errors.ts";
import { DeviceImages } from "../nn/images.ts";
import { type Architecture, architectureSchema, Network } from "../nn/network.ts";
import type { Engine } from "../tensor/graph.ts";
import { drawStep, epochOrder } from "./draws.ts";
import { measureNormaliser } from "./normaliser.ts";
import { alphaOf, objectiveOf } from "./objective.ts";
import { countPasses, type Passes } from "./passes.ts";
import { type DefenceSettings, largestShift, type TrainSettings } from "./settings.ts";
import { OptimiserState, TrainStep } from "./step.ts";

const whole = z.number().int().positive();

/** The content of `pace.json`. */
export const paceSchema = z.object({
  format: z.literal("superpose-pace"),
  version: z.literal(1),
  architecture: architectureSchema,
  batch: whole,
  /** Training images, of which an epoch takes all whole batches. */
  images: whole,
  /** Steps timed together, and how often. */
  steps: whole,
  rounds: whole,
  rows: z.array(z.object({
    name: z.string(),
    passes: z.object({ forward: whole, backward: whole }),
    /** The median over the rounds, and an interval that holds the true median with a probability of 96 %. */
    secondsPerStep: z.object({ median: z.number(), low: z.number(), high: z.number() }),
    imagesPerSecond: z.number(),
    /** Of training alone; validation and saving come on top. */
    secondsPerEpoch: z.number(),
  })),
});
export type Pace = z.infer<typeof paceSchema>;

/** What is timed: a defence under a name of its own. */
export interface PacedDefence {
  name: string;
  defence: DefenceSettings;
}

/**
 * Rounds of timing. The second lowest and the second highest of nine readings enclose their median with a probability of
 * 1 − 2 · (1 + 9) / 2⁹ = 96.1 %, whatever their distribution (Conover, Practical Nonparametric Statistics, section 3.2).
 */
const rounds = 9;

/**
 * Times the training step of every defence. The defences take turns, round after round, so that a machine that is
 * slower for a while is so for all of them; one step is compiled at a time, so that what can be trained can be timed.
 *
 * @param base what all of them have in common
 * @param options.steps timed together, since the clock of one short step is too coarse
 * @throws UserError where the pack is too small for one batch.
 */
export async function measurePace(
  engine: Engine,
  pack: Pack,
  { arch, width, batch, seed }: Pick<TrainSettings, "arch" | "width" | "batch" | "seed">,
  defences: readonly PacedDefence[],
  { steps, onProgress }: { steps: number; onProgress?: (done: number, total: number, name: string) => void },
): Promise<Pace> {
  const count = pack.count("train");
  if (batch > count) throw new UserError(`--batch ${batch} exceeds the ${count} training images of ${pack.path}.`);
  const architecture: Architecture = {
    arch,
    size: pack.size,
    width,
    classes: pack.classes.map(({ id }) => id),
    normaliser: await measureNormaliser(pack),
  };
  const network = new Network(engine, architecture);
  network.parameters.initialise(seed);
  const state = new OptimiserState(network);
  const images = await DeviceImages.ofSplit(engine.gpu, pack, "train");
  const subject = { network, images, labels: await pack.labels("train"), batch, seed, state };

  const passes: Passes[] = [];
  const times: number[][] = defences.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, { name, defence }] of defences.entries()) {
      const timed = await timeSteps(subject, defence, steps);
      passes[i] = timed.passes;
      times[i].push(timed.secondsPerStep);
      onProgress?.(round * defences.length + i + 1, rounds * defences.length, name);
    }
  }
  for (const resource of [network, images, state]) resource.free();

  const rows = defences.map(({ name }, i) => {
    const sorted = times[i].toSorted((a, b) => a - b);
    const median = sorted[(rounds - 1) / 2];
    return {
      name,
      passes: passes[i],
      secondsPerStep: { median, low: sorted[1], high: sorted[rounds - 2] },
      imagesPerSecond: batch / median,
      secondsPerEpoch: median * Math.floor(count / batch),
    };
  });
  const head = { format: "superpose-pace", version: 1 } as const;
  return { ...head, architecture, batch, images: count, steps, rounds, rows };
}

interface Subject {
  network: Network;
  images: DeviceImages;
  labels: Int32Array;
  batch: number;
  seed: number;
  state: OptimiserState;
}

/** Compiles the step, runs it once to warm up, then times `steps` of them, draws on the host included. */
async function timeSteps(
  { network, images, labels, batch, seed, state }: Subject,
  defence: DefenceSettings,
  steps: number,
): Promise<{ passes: Passes; secondsPerStep: number }> {
  const { gpu } = network.engine;
  const step = await TrainStep.compile(network, images, batch, objectiveOf(defence, seed), state);
  const order = epochOrder(seed, 0, images.count);
  const shift = Math.round(images.size * largestShift);
  // At a learning rate of 0 the work is the same, and the network stays what it is: the same for every defence.
  const run = (index: number) =>
    step.run(drawStep(seed, index, order.subarray(0, batch), shift, alphaOf(defence)), labels, 0);
  run(0);
  await gpu.sync();
  const begun = performance.now();
  for (let index = 1; index <= steps; index++) run(index);
  await gpu.sync();
  const secondsPerStep = (performance.now() - begun) / 1000 / steps;
  const passes = countPasses(step.plan);
  step.free();
  return { passes, secondsPerStep };
}
