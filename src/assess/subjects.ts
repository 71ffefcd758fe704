/** Trained networks and the held-out images they are looked at on. */
import { z } from "zod";
import { sha256File } from "../data/files.ts";
import type { Pack } from "../data/pack.ts";
import { DeviceImages } from "../nn/images.ts";
import { checkFits, openRuns, type TrainedNetwork } from "../nn/run.ts";
import type { Engine } from "../tensor/graph.ts";

/** Which network a result is of, as it is saved. */
export const networkSchema = z.object({
  run: z.string(),
  defence: z.string(),
  /** SHA-256 of the weights. */
  hash: z.string(),
});

/** Which images a result is of, as it is saved. */
export const sourceSchema = z.object({
  pack: z.string(),
  /** SHA-256 of its pack.json. */
  packHash: z.string(),
});

export interface Subjects {
  networks: TrainedNetwork[];
  source: z.infer<typeof sourceSchema>;
  /** The validation images, and their classes. */
  images: DeviceImages;
  labels: Int32Array;
  free(): void;
}

/**
 * Opens the runs and puts the pack's validation images on the device.
 * @throws UserError naming a run that cannot be read or does not take the pack's images
 */
export async function openSubjects(engine: Engine, pack: Pack, runs: readonly string[]): Promise<Subjects> {
  const networks = await openRuns(engine, runs);
  const classes = pack.classes.map(({ id }) => id);
  checkFits(runs[0], networks[0].info.architecture, { size: pack.size, classes }, pack.path);
  const labels = await pack.labels("validation");
  const images = await DeviceImages.ofSplit(engine.gpu, pack, "validation");
  const free = () => [images, ...networks.map(({ network }) => network)].forEach((resource) => resource.free());
  const source = { pack: pack.path, packHash: await sha256File(`${pack.path}/pack.json`) };
  return { networks, source, images, labels, free };
}

/** A network as a result names it. */
export function nameOf({ path, info, hash }: TrainedNetwork): z.infer<typeof networkSchema> {
  return { run: path, defence: info.training.defence, hash };
}

/** from, from + step, … up to and including `to`. */
export function steps(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
}
