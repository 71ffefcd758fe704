/** Mean of all values, which turns per-image losses [N] into the loss that is minimised. */
import { fromFunction, type NdArray, sizeOf } from "./array.ts";

export function mean(x: NdArray): number {
  return x.data.reduce((sum, value) => sum + value, 0) / x.data.length;
}

export function meanGradient(dy: number, xShape: number[]): NdArray {
  return fromFunction(xShape, () => dy / sizeOf(xShape));
}
