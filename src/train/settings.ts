/** The settings of a training run, as kept in `run.json`. */
import { z } from "zod";
import { warmUp } from "./schedule.ts";

/** How strongly the partner image shows: a fixed α, or α ~ Beta(p, q) drawn anew for each image. */
export const alphaSchema = z.union([
  z.object({ fixed: z.number().gt(0).lt(1) }),
  z.object({ beta: z.tuple([z.number().min(1), z.number().min(1)]) }),
]);
export type Alpha = z.infer<typeof alphaSchema>;

export const defenceSchema = z.discriminatedUnion("name", [
  z.object({ name: z.literal("none") }),
  z.object({ name: z.literal("mixup"), alpha: alphaSchema }),
  z.object({
    name: z.literal("mixup-kl"),
    alpha: alphaSchema,
    /** λ, the weight of the divergence. */
    lambda: z.number().min(0),
    klGradient: z.enum(["both", "mixed", "clean"]),
  }),
]);
export type DefenceSettings = z.infer<typeof defenceSchema>;

export interface TrainSettings {
  arch: "vgg13";
  width: number;
  defence: DefenceSettings;
  epochs: number;
  batch: number;
  learningRate: number;
  seed: number;
}

/** What all runs share. Source: He et al., CVPR 2016, in today's usual values. */
export const optimisation = { momentum: 0.9, weightDecay: 5e-4, warmUp, schedule: "cosine" } as const;

/** Images are flipped at random and shifted by at most this share of their side. */
export const largestShift = 1 / 8;
