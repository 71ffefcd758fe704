/** Fig. 6: how networks' loss grows along the adversarial direction of many images (Seiler et al., section VI). */
import { z } from "zod";
import type { Pack } from "../data/pack.ts";
import type { Network } from "../nn/network.ts";
import { Random } from "../random.ts";
import type { Engine } from "../tensor/graph.ts";
import { nameOf, networkSchema, openSubjects, sourceSchema, steps, type Subjects } from "./subjects.ts";
import { Surroundings } from "./surroundings.ts";

const loss = z.number().nonnegative();

/** What the images have in common at one distance: the distribution of their losses, in nats. */
const rayPointSchema = z.object({
  /** In 0–255 units. */
  epsilon: z.number().nonnegative(),
  mean: loss,
  /** The 5 %, 25 %, 50 %, 75 % and 95 % quantiles. */
  quantiles: z.tuple([loss, loss, loss, loss, loss]),
  /** How many of the images are classified correctly there. */
  correct: z.number().int().nonnegative(),
});
export type RayPoint = z.infer<typeof rayPointSchema>;

/** Rays as they are saved, in `rays.json`. */
export const raysSchema = sourceSchema.extend({
  format: z.literal("superpose-rays"),
  version: z.literal(1),
  seed: z.number(),
  /** Indices of the images among the pack's validation images; the same for every network. */
  images: z.array(z.number().int().nonnegative()).min(1),
  rays: z.array(networkSchema.extend({ points: z.array(rayPointSchema) })),
});
export type Rays = z.infer<typeof raysSchema>;

export interface RayOptions {
  runs: readonly string[];
  /** Of the draw of images. */
  seed?: number;
  /** How many images; all there are where there are fewer. */
  images?: number;
  /** The distances, in 0–255 units. */
  epsilons?: readonly number[];
}

/**
 * The losses of each network at its own FGSM adversaries, x + ε · sign(∇ₓL) clipped to [0, 255], for growing ε and the same
 * images. The signs are taken once, at x, and nothing is rounded to bytes.
 */
export async function lossRays(
  engine: Engine,
  pack: Pack,
  { runs, seed = 1, images = 128, epsilons = steps(0, 128, 2) }: RayOptions,
): Promise<Rays> {
  const subjects = await openSubjects(engine, pack, runs);
  const drawn = new Random(seed, "rays").permutation(subjects.labels.length).subarray(0, images);
  const rays: Rays["rays"] = [];
  for (const trained of subjects.networks) {
    rays.push({ ...nameOf(trained), points: await follow(engine, subjects, trained.network, drawn, epsilons) });
  }
  subjects.free();
  return { format: "superpose-rays", version: 1, ...subjects.source, seed, images: [...drawn], rays };
}

async function follow(
  engine: Engine,
  { images, labels }: Subjects,
  network: Network,
  drawn: Uint32Array,
  epsilons: readonly number[],
): Promise<RayPoint[]> {
  const surroundings = await Surroundings.compile(engine, network, [network], images, { clip: true });
  const { batch } = surroundings;
  const losses = epsilons.map(() => new Float32Array(drawn.length));
  const correct = epsilons.map(() => 0);
  for (let from = 0; from < drawn.length; from += batch) {
    const part = drawn.subarray(from, from + batch);
    surroundings.settle(Uint32Array.from({ length: batch }, (_, i) => part[Math.min(i, part.length - 1)]), labels);
    for (const [e, epsilon] of epsilons.entries()) {
      const view = await surroundings.look([new Float32Array(batch).fill(epsilon)]);
      losses[e].set(view.losses.subarray(0, part.length), from);
      part.forEach((index, i) => correct[e] += Number(view.predicted[i] === labels[index]));
    }
  }
  surroundings.free();
  return epsilons.map((epsilon, e) => ({ epsilon, ...distribution(losses[e]), correct: correct[e] }));
}

/** Mean and quantiles of at least one loss. */
export function distribution(losses: Float32Array): Pick<RayPoint, "mean" | "quantiles"> {
  const sorted = losses.toSorted();
  // Between the two nearest order statistics (type 7 of Hyndman and Fan, 1996).
  const quantile = (share: number) => {
    const place = share * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return below + (place - Math.floor(place)) * (above - below);
  };
  return {
    mean: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    quantiles: [quantile(0.05), quantile(0.25), quantile(0.5), quantile(0.75), quantile(0.95)],
  };
}
