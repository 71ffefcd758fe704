/** What we and the frameworks we are measured against can all be asked to do. Arrays are NHWC and OHWI, f32. */
import { UserError } from "../../errors.ts";

/** The start of a computation that can be repeated. */
export interface Work {
  /** Sends one run on its way. */
  start(): void;
  /** Resolves when all runs started are done: with the milliseconds they took, where the peer has a clock of its own. */
  done(): Promise<number | void>;
  /** The results of the last run, after `done`. */
  read(): Promise<Float32Array[]>;
  free(): Promise<void> | void;
}

/** A 3 × 3 convolution with stride 1 that keeps the size. */
export interface Convolution {
  /** [batch, height, width, inChannels] */
  x: readonly [number, number, number, number];
  outChannels: number;
}

export type Pass = "forward" | "inputGradient" | "weightGradient";
export const passes: readonly Pass[] = ["forward", "inputGradient", "weightGradient"];

/** One training step of a network as src/nn/vgg.ts builds it: cross-entropy, momentum 0.9. */
export interface StepTask {
  width: number;
  size: number;
  batch: number;
  classes: number;
  rate: number;
  /** Names and real shapes of the parameters, our layouts, and what they hold at the start. */
  weights: ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>;
  /** [batch, size, size, 3], already standardised. */
  images: Float32Array;
  labels: readonly number[];
}

export interface Peer {
  name: string;
  /** One pass of a convolution; `y` stands for the gradient of the output. */
  convolution(pass: Pass, task: Convolution, feeds: Record<"x" | "w" | "y", Float32Array>): Promise<Work> | Work;
  /** Batch norm of [pixels, channels] in training, forward and back: dx, dγ, dβ. */
  batchNorm(shape: readonly number[], feeds: Record<"x" | "dy" | "gamma" | "beta", Float32Array>): Promise<Work> | Work;
  /** A training step; its result is the loss before the step. */
  step(task: StepTask): Promise<Work> | Work;
}

/** Imports a package that is no part of this project, from the registry and only now. */
export async function fetchPackage<T>(specifier: string): Promise<T> {
  try {
    return await import(specifier) as T;
  } catch (error) {
    throw new UserError(`--against: ${specifier} cannot be fetched (${(error as Error).message.split("\n")[0]}).`);
  }
}

/** The same array with its axes in another order: result[i₀, i₁, …] = data[…] with axis k of the result axis order[k] of data. */
export function transpose(data: Float32Array, shape: readonly number[], order: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const result = new Float32Array(data.length);
  const place = order.map(() => 0);
  for (let i = 0, at = 0; i < data.length; i++) {
    result[i] = data[at];
    for (let k = order.length - 1; k >= 0; k--) {
      at += strides[order[k]];
      if (++place[k] < shape[order[k]]) break;
      at -= strides[order[k]] * place[k];
      place[k] = 0;
    }
  }
  return result;
}
