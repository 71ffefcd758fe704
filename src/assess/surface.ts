/** Fig. 5: networks' loss over a plane through one image, spanned by two adversarial directions (Seiler et al., section VI). */
import { z } from "zod";
import type { Pack } from "../data/pack.ts";
import { UserError } from "../errors.ts";
import type { Network } from "../nn/network.ts";
import { classesSeen } from "../nn/predict.ts";
import type { Engine } from "../tensor/graph.ts";
import { nameOf, networkSchema, openSubjects, sourceSchema, steps, type Subjects } from "./subjects.ts";
import { Surroundings } from "./surroundings.ts";

/** Surfaces as they are saved, in `surfaces.json`. */
export const surfacesSchema = sourceSchema.extend({
  format: z.literal("superpose-surfaces"),
  version: z.literal(1),
  /** Index of the image among the pack's validation images, and of its class among the pack's classes. */
  image: z.number().int().nonnegative(),
  label: z.number().int().nonnegative(),
  /** The unprotected network, whose gradient gives the first direction. */
  reference: networkSchema,
  /** ε₁ of each column and ε₂ of each row, in 0–255 units. */
  first: z.array(z.number()),
  second: z.array(z.number()),
  surfaces: z.array(networkSchema.extend({
    /** Cross-entropy with the image's class, nats, [second, first], row by row. */
    losses: z.array(z.number()),
    /** The class seen there, likewise. */
    predicted: z.array(z.number().int()),
  })),
});
export type Surfaces = z.infer<typeof surfacesSchema>;

export interface SurfaceOptions {
  /** The run of the unprotected network. */
  reference: string;
  /** The runs whose losses are looked at; the reference may be one of them, and then its two directions are one. */
  runs: readonly string[];
  /** Which validation image; by default the first that all networks classify correctly, or, if there is none, most. */
  image?: number;
  /** ε₁ and ε₂ to look at; the paper's ranges in steps of 1 by default. */
  first?: readonly number[];
  second?: readonly number[];
}

/**
 * The loss of each network at x* = x + ε₁ · sign(∇ₓL₁) + ε₂ · sign(∇ₓL₂) around one image x, where L₁ is the reference's
 * loss and L₂ the network's own. Both signs are taken once, at x. Nothing is clipped: the plane itself is shown, and far
 * from x some of its values lie outside the 0–255 of pictures.
 */
export async function lossSurfaces(
  engine: Engine,
  pack: Pack,
  { reference, runs, image, first = steps(-16, 16, 1), second = steps(-8, 32, 1) }: SurfaceOptions,
): Promise<Surfaces> {
  const subjects = await openSubjects(engine, pack, [reference, ...runs]);
  const [guide, ...networks] = subjects.networks;
  const count = subjects.labels.length;
  if (image !== undefined && !(Number.isInteger(image) && image >= 0 && image < count)) {
    throw new UserError(`${pack.path} has no validation image ${image}: they are numbered from 0 to ${count - 1}.`);
  }
  const chosen = image ?? await choose(subjects);
  const points = second.flatMap((e2) => first.map((e1) => [e1, e2] as const));
  const surfaces: Surfaces["surfaces"] = [];
  for (const trained of networks) {
    const plane = await lookAround(engine, subjects, [guide.network, trained.network], chosen, points);
    surfaces.push({ ...nameOf(trained), ...plane });
  }
  subjects.free();
  return {
    format: "superpose-surfaces",
    version: 1,
    ...subjects.source,
    image: chosen,
    label: subjects.labels[chosen],
    reference: nameOf(guide),
    first: [...first],
    second: [...second],
    surfaces,
  };
}

/** The first image that the largest number of networks classify correctly. */
async function choose({ networks, images, labels }: Subjects): Promise<number> {
  const votes = new Array<number>(labels.length).fill(0);
  for (const predictions of await classesSeen(networks.map(({ network }) => network), images)) {
    predictions.forEach((predicted, n) => votes[n] += Number(predicted === labels[n]));
  }
  return votes.indexOf(Math.max(...votes));
}

/** The loss and the class that the second network sees at every point (ε₁, ε₂). */
async function lookAround(
  engine: Engine,
  { images, labels }: Subjects,
  [guide, network]: readonly [Network, Network],
  image: number,
  points: readonly (readonly [number, number])[],
): Promise<{ losses: number[]; predicted: number[] }> {
  const surroundings = await Surroundings.compile(engine, network, [guide, network], images, { clip: false });
  const { batch } = surroundings;
  // A batch holds the same image as often as it has room for points.
  surroundings.settle(new Uint32Array(batch).fill(image), labels);
  const [losses, predicted]: [number[], number[]] = [[], []];
  for (let from = 0; from < points.length; from += batch) {
    const part = Array.from({ length: batch }, (_, i) => points[Math.min(from + i, points.length - 1)]);
    const view = await surroundings.look([0, 1].map((axis) => Float32Array.from(part, (point) => point[axis])));
    const count = Math.min(batch, points.length - from);
    losses.push(...view.losses.subarray(0, count));
    predicted.push(...view.predicted.subarray(0, count));
  }
  surroundings.free();
  return { losses, predicted };
}
