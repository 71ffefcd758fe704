/** z = −ln(e⁻ˣ + e⁻ʸ), written so that no power overflows. */
import { map, type NdArray } from "./array.ts";

export function softMinimum(x: NdArray, y: NdArray): NdArray {
  return map(x, (value, i) => {
    const [low, high] = [Math.min(value, y.data[i]), Math.max(value, y.data[i])];
    return low - Math.log1p(Math.exp(low - high));
  });
}

export function softMinimumGradient(dz: NdArray, x: NdArray, y: NdArray): { dx: NdArray; dy: NdArray } {
  const share = (own: number, other: number) => 1 / (1 + Math.exp(own - other));
  return {
    dx: map(dz, (upstream, i) => upstream * share(x.data[i], y.data[i])),
    dy: map(dz, (upstream, i) => upstream * share(y.data[i], x.data[i])),
  };
}
