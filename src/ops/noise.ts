/** Random numbers drawn on the device, the same that src/random.ts draws on the host. */
import { streamKey } from "../random.ts";
import type { Tensor } from "../tensor/graph.ts";

export interface NoiseOptions {
  distribution: "uniform" | "normal";
  seed: number;
  /** What the numbers are for: each purpose has streams of its own. */
  purpose: string;
}

/**
 * Independent numbers for the values of images: uniform in [−1, 1) or standard normal. They are a pure function of seed,
 * purpose, the number of an image's stream and the place in the image, so it is all the same which batch it is in.
 *
 * @param shape [batch, height, width, 4]; the fourth, padding channel is zero
 * @param streams [batch], u32: the number of each image's stream
 */
export function noise(
  shape: readonly number[],
  streams: Tensor,
  { distribution, seed, purpose }: NoiseOptions,
): Tensor {
  const [batch, height, width, channels] = shape;
  if (channels !== 4 || streams.length !== batch) {
    throw new Error(`noise of [${shape}] from ${streams.length} streams: 4 channels and a stream per image are needed`);
  }
  const pixels = height * width;
  const [y] = streams.graph.add({
    operation: "noise",
    inputs: [streams],
    outputs: [{ shape }],
    dispatches: ([y], at) => [{
      kernel: streams.graph.engine.kernels.get("noise/forward"),
      bindings: { streams: at(streams), y: at(y) },
      params: { batch, pixels, ...streamKey(seed, purpose) },
      constants: { normal: Number(distribution === "normal") },
      threads: [batch * pixels],
    }],
  });
  return y;
}
