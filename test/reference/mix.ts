/** Mixing of images (paper, eq. 4): y[n] = (1 − α[n])·x[n] + α[n]·x[partner[n]]; x [N, ...], α and partner [N]. */
import { map, type NdArray, zeros } from "./array.ts";

export function mix(x: NdArray, partner: ArrayLike<number>, alpha: ArrayLike<number>): NdArray {
  const values = x.data.length / x.shape[0];
  return map(x, (value, i) => {
    const n = Math.floor(i / values);
    const other = x.data[partner[n] * values + i % values];
    return (1 - alpha[n]) * value + alpha[n] * other;
  });
}

export function mixGradient(dy: NdArray, partner: ArrayLike<number>, alpha: ArrayLike<number>): NdArray {
  const values = dy.data.length / dy.shape[0];
  const dx = zeros(dy.shape);
  dy.data.forEach((upstream, i) => {
    const n = Math.floor(i / values);
    dx.data[i] += (1 - alpha[n]) * upstream;
    dx.data[partner[n] * values + i % values] += alpha[n] * upstream;
  });
  return dx;
}
