/** An array times a constant; it is its own backward: dx = scale(dy, factor). */
import { map, type NdArray } from "./array.ts";

export function scale(x: NdArray, factor: number): NdArray {
  return map(x, (value) => value * factor);
}
