/** y[n] = g[n]/(‖g[n]‖ + 1e-12), the L2 or L1 norm taken over all values of one image (paper, eq. 2); g [N, ...]. */
import { map, type NdArray } from "./array.ts";

export function normaliseGradient(gradient: NdArray, power: 1 | 2 = 2): NdArray {
  const images = gradient.shape[0];
  const values = gradient.data.length / images;
  const norms = Array.from(
    { length: images },
    (_, n) => {
      const image = gradient.data.subarray(n * values, (n + 1) * values);
      return image.reduce((sum, g) => sum + Math.abs(g) ** power, 0) ** (1 / power);
    },
  );
  return map(gradient, (g, i) => g / (norms[Math.floor(i / values)] + 1e-12));
}
