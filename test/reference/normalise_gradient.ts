/** y[n] = g[n]/(‖g[n]‖₂ + 1e-12), the norm taken over all values of one image (paper, eq. 2); g [N, ...]. */
import { map, type NdArray } from "./array.ts";

export function normaliseGradient(gradient: NdArray): NdArray {
  const images = gradient.shape[0];
  const values = gradient.data.length / images;
  const norms = Array.from(
    { length: images },
    (_, n) => Math.sqrt(gradient.data.subarray(n * values, (n + 1) * values).reduce((sum, g) => sum + g * g, 0)),
  );
  return map(gradient, (g, i) => g / (norms[Math.floor(i / values)] + 1e-12));
}
