/** The settings of a training run, as kept in `run.json`. */
import { z } from "zod";
import type { Architecture, Precision } from "../nn/network.ts";
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
  z.object({
    name: z.literal("pgd"),
    /** ε, the largest change of a value, and the change of one step, in 0–255 units. */
    epsilon: z.number().min(0).max(255),
    step: z.number().gt(0).max(255),
    /** I, the steps taken to craft each adversary. */
    steps: z.number().int().min(1),
  }),
  z.object({
    name: z.literal("vat"),
    /** ε, the length of the perturbation, and ξ, that of the finite difference: of pixels in [0, 1], see `defences/vat.ts`. */
    epsilon: z.number().min(0),
    xi: z.number().gt(0),
    /** I, the power iterations. */
    steps: z.number().int().min(1),
    /** λ, the weight of the divergence. */
    lambda: z.number().min(0),
  }),
]);
export type DefenceSettings = z.infer<typeof defenceSchema>;
export type PgdSettings = Extract<DefenceSettings, { name: "pgd" }>;
export type VatSettings = Extract<DefenceSettings, { name: "vat" }>;

export interface TrainSettings {
  arch: Architecture["arch"];
  width: number;
  defence: DefenceSettings;
  epochs: number;
  batch: number;
  learningRate: number;
  seed: number;
  /** Of the activations in memory; evaluation is in f32 whatever it is. */
  precision: Precision;
}

/** What all runs share. Source: He et al., CVPR 2016, in today's usual values. */
export const optimisation = { momentum: 0.9, weightDecay: 5e-4, warmUp, schedule: "cosine" } as const;

/** Images are flipped at random and shifted by at most this share of their side. */
export const largestShift = 1 / 8;
