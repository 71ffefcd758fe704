/**
 * Noise for images [N, H, W, 3] out of the host's own streams: each pixel takes four 32-bit words, of which 24 bits count.
 * Uniform in [−1, 1), or normal by Box and Muller: words 0 and 1 give red and green, 2 and 3 blue.
 */
import { Random } from "../../src/random.ts";
import { type NdArray, zeros } from "./array.ts";

export function noise(
  [images, height, width]: readonly number[],
  streams: ArrayLike<number>,
  { distribution, seed, purpose }: { distribution: "uniform" | "normal"; seed: number; purpose: string },
): NdArray {
  const y = zeros([images, height, width, 3]);
  for (let n = 0; n < images; n++) {
    const random = new Random(seed, purpose, streams[n]);
    for (let pixel = 0; pixel < height * width; pixel++) {
      const u = [0, 1, 2, 3].map(() => Math.floor(random.uint32() / 2 ** 8) / 2 ** 24);
      const radius = (i: number) => Math.sqrt(-2 * Math.log(1 - u[i]));
      const angle = (i: number) => Math.PI * (2 * u[i] - 1);
      const values = distribution === "uniform"
        ? [0, 1, 2].map((c) => 2 * u[c] - 1)
        : [radius(0) * Math.cos(angle(1)), radius(0) * Math.sin(angle(1)), radius(2) * Math.cos(angle(3))];
      y.data.set(values, (n * height * width + pixel) * 3);
    }
  }
  return y;
}
