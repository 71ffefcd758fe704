/** Rectifier: y = max(x, 0), with gradient 0 at x = 0; NaN comes through both ways. */
import { map, type NdArray } from "./array.ts";

export function relu(x: NdArray): NdArray {
  return map(x, (value) => Math.max(value, 0));
}

export function reluGradient(dy: NdArray, x: NdArray): NdArray {
  return map(dy, (upstream, i) => x.data[i] <= 0 ? 0 : upstream);
}
