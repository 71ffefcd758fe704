/** The full state of a training run at the end of an epoch: enough to go on as if nothing had happened. */
import { z } from "zod";
import { readSafetensors, writeSafetensors } from "../data/safetensors.ts";
import { UserError } from "../errors.ts";
import type { Network } from "../nn/network.ts";
import type { OptimiserState } from "./step.ts";

/** One line of `log.jsonl`. */
export const epochSchema = z.object({
  epoch: z.number(),
  /** Mean of the objective over the epoch's steps. */
  loss: z.number(),
  learningRate: z.number(),
  validationLoss: z.number(),
  validationAccuracy: z.number(),
});
export type EpochLog = z.infer<typeof epochSchema>;

/** One line of `clock.jsonl`, apart from the log because no two runs agree on it: of the epoch's steps, validation left out. */
export interface EpochClock {
  epoch: number;
  seconds: number;
  imagesPerSecond: number;
}

/** Writes weights, running statistics, velocities and the log so far, in one file and one step. */
export async function saveState(
  path: string,
  { parameters, engine: { gpu } }: Network,
  { velocities }: OptimiserState,
  log: readonly EpochLog[],
): Promise<void> {
  const flat = async (buffer: GPUBuffer) => {
    const data = new Float32Array(await gpu.read(buffer));
    return { dtype: "F32" as const, shape: [data.length], data };
  };
  await writeSafetensors(path, {
    weights: await flat(parameters.whole("weight").buffer),
    statistics: await flat(parameters.whole("statistic").buffer),
    velocities: await flat(velocities),
  }, { format: "superpose-state", log: JSON.stringify(log) });
}

/** Restores what `saveState` wrote and returns the log so far. */
export async function loadState(
  path: string,
  { parameters, engine: { gpu } }: Network,
  { velocities }: OptimiserState,
): Promise<EpochLog[]> {
  const { tensors, metadata } = await readSafetensors(path);
  const buffers = {
    weights: parameters.whole("weight").buffer,
    statistics: parameters.whole("statistic").buffer,
    velocities,
  };
  for (const [name, buffer] of Object.entries(buffers)) {
    const tensor = tensors[name];
    if (tensor?.dtype !== "F32" || tensor.data.byteLength !== buffer.size) {
      throw new UserError(`${path} does not fit this network: ${name} has another size.`);
    }
  }
  const log = z.array(epochSchema).safeParse(parseLog(metadata.log));
  if (!log.success) throw new UserError(`${path} holds no log of its epochs.`);
  for (const [name, buffer] of Object.entries(buffers)) {
    gpu.write(buffer, 0, tensors[name].data as Float32Array);
  }
  return log.data;
}

function parseLog(text = ""): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
