/** Images moved along signs: y[n] = x[n] + amount[n]·sign(direction[n]); x and direction [N, ...], amount [N]. */
import { map, type NdArray } from "./array.ts";

export function signOffset(x: NdArray, direction: NdArray, amount: ArrayLike<number>): NdArray {
  const values = x.data.length / x.shape[0];
  return map(x, (value, i) => value + amount[Math.floor(i / values)] * Math.sign(direction.data[i]));
}
