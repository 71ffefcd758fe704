/** Sum of two arrays of one shape; the gradient to each is the upstream gradient itself. */
import { addInto, map, type NdArray } from "./array.ts";

export function add(a: NdArray, b: NdArray): NdArray {
  const sum = map(a, (value) => value);
  addInto(sum, b);
  return sum;
}
