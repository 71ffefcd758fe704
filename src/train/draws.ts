/**
 * All that is random about a training step, drawn on the host from (seed, purpose, step): which images, how they are
 * flipped and shifted, which partner each one gets and how strongly it shows.
 */
import { Random } from "../random.ts";
import type { Alpha } from "./settings.ts";

export interface StepDraws {
  /** Which images of the training split, [batch]. */
  indices: Uint32Array;
  /** [batch, 4]: flip, rows down, columns right, unused. */
  jitter: Int32Array;
  /** Which image of the batch is laid over each, [batch]; never itself. */
  partner: Uint32Array;
  /** Its share, [batch]. */
  alpha: Float32Array;
  /** The number of each image's stream of noise, [batch]: how many images training has seen before it. */
  streams: Uint32Array;
}

/** The order in which an epoch visits the images. */
export function epochOrder(seed: number, epoch: number, count: number): Uint32Array {
  return new Random(seed, "shuffle", epoch).permutation(count);
}

/** @param step counted from the start of training @param shift the largest shift, pixels */
export function drawStep(seed: number, step: number, indices: Uint32Array, shift: number, alpha: Alpha): StepDraws {
  const batch = indices.length;
  const random = new Random(seed, "flip and shift", step);
  const jitter = new Int32Array(batch * 4);
  for (let n = 0; n < batch; n++) {
    jitter[4 * n] = random.integer(2);
    jitter[4 * n + 1] = random.integer(2 * shift + 1) - shift;
    jitter[4 * n + 2] = random.integer(2 * shift + 1) - shift;
  }
  const strength = new Random(seed, "alpha", step);
  return {
    indices,
    jitter,
    partner: new Random(seed, "partner", step).derangement(batch),
    alpha: Float32Array.from(indices, () => "fixed" in alpha ? alpha.fixed : strength.beta(...alpha.beta)),
    streams: indices.map((_, n) => step * batch + n),
  };
}
