/** Central differences: the judge of every backward pass in the reference. */
import { type NdArray, zeros } from "./array.ts";

/** (f(x + h·e_i) − f(x − h·e_i)) / 2h for each of `coordinates` (flat indices); error O(h²) plus rounding O(1e-16/h). */
export function finiteDifferences(
  f: (x: NdArray) => number,
  x: NdArray,
  step: number,
  coordinates: ArrayLike<number>,
): Float64Array {
  const probe = { shape: x.shape, data: x.data.slice() };
  const at = (i: number, value: number) => {
    probe.data[i] = value;
    return f(probe);
  };
  return Float64Array.from(coordinates, (i) => {
    const slope = (at(i, x.data[i] + step) - at(i, x.data[i] - step)) / (2 * step);
    probe.data[i] = x.data[i];
    return slope;
  });
}

/** The whole gradient of f at x, of x's shape. */
export function finiteDifferenceGradient(f: (x: NdArray) => number, x: NdArray, step: number): NdArray {
  return { shape: [...x.shape], data: finiteDifferences(f, x, step, zeros(x.shape).data.map((_, i) => i)) };
}
