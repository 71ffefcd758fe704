/** A run folder: one trained network, its settings and its weights. */
import { z } from "zod";
import { readText, sha256File } from "../data/files.ts";
import { UserError } from "../errors.ts";
import type { Engine } from "../tensor/graph.ts";
import { type Architecture, architectureSchema, Network } from "./network.ts";
import { loadWeights } from "./weights.ts";

export const runFiles = {
  settings: "run.json",
  log: "log.jsonl",
  clock: "clock.jsonl",
  weights: "weights.safetensors",
  best: "weights.best.safetensors",
  state: "state.safetensors",
} as const;

/** What every reader of a run needs; training keeps its own settings beside it. */
const runSchema = z.object({
  format: z.literal("superpose-run"),
  version: z.literal(1),
  architecture: architectureSchema,
  training: z.object({ defence: z.string(), pack: z.string(), seed: z.number() }).loose(),
});
export type RunInfo = z.infer<typeof runSchema>;

/** A network read from a run folder. */
export interface TrainedNetwork {
  path: string;
  info: RunInfo;
  /** SHA-256 of the weight file. */
  hash: string;
  network: Network;
}

/** Reads `run.json`; a folder that is no run is an error naming it. */
export async function readRun(path: string): Promise<RunInfo> {
  const file = `${path}/${runFiles.settings}`;
  if (!await exists(file)) throw new UserError(`${path} is not a trained network: it has no ${runFiles.settings}.`);
  let content: unknown;
  try {
    content = JSON.parse(await readText(file));
  } catch {
    throw new UserError(`${file} is not valid JSON.`);
  }
  const parsed = runSchema.safeParse(content);
  if (!parsed.success) {
    const [{ path: at, message }] = parsed.error.issues;
    throw new UserError(`${file}: ${at.join(".")}: ${message}.`);
  }
  return parsed.data;
}

/** Builds the network of a run and loads its last weights. */
export async function openRun(engine: Engine, path: string): Promise<TrainedNetwork> {
  const info = await readRun(path);
  const file = `${path}/${runFiles.weights}`;
  if (!await exists(file)) throw new UserError(`${path} has no ${runFiles.weights} yet: its training is not done.`);
  const network = new Network(engine, info.architecture);
  await loadWeights(file, network);
  return { path, info, hash: await sha256File(file), network };
}

/** Opens several runs and checks that they take the same images and tell the same classes apart. */
export async function openRuns(engine: Engine, paths: readonly string[]): Promise<TrainedNetwork[]> {
  const runs: TrainedNetwork[] = [];
  for (const path of paths) runs.push(await openRun(engine, path));
  for (const { path, info } of runs) {
    checkFits(path, info.architecture, runs[0].info.architecture, paths[0]);
  }
  return runs;
}

/** Throws unless a network takes images of this size and classes, naming both sides. */
export function checkFits(
  path: string,
  { size, classes }: Pick<Architecture, "size" | "classes">,
  wanted: Pick<Architecture, "size" | "classes">,
  other: string,
): void {
  if (size !== wanted.size) {
    throw new UserError(`${path} takes images of ${size} pixels a side, ${other} has ${wanted.size}.`);
  }
  if (JSON.stringify(classes) !== JSON.stringify(wanted.classes)) {
    throw new UserError(`${path} and ${other} differ in their classes.`);
  }
}

export async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
