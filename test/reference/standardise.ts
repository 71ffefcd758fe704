/** y = (x − mean[c])/deviation[c], all in units of 0–255; x [N, H, W, C]. */
import { map, type NdArray } from "./array.ts";

export function standardise(x: NdArray, mean: ArrayLike<number>, deviation: ArrayLike<number>): NdArray {
  return map(x, (value, i) => (value - mean[i % mean.length]) / deviation[i % mean.length]);
}

export function standardiseGradient(dy: NdArray, deviation: ArrayLike<number>): NdArray {
  return map(dy, (upstream, i) => upstream / deviation[i % deviation.length]);
}
