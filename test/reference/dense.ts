/** Dense layer: y[n, k] = b[k] + Σ_c x[n, c]·w[k, c]; x [N, C], w [K, C], b [K] → y [N, K]. */
import { type NdArray, zeros } from "./array.ts";

export function dense(x: NdArray, w: NdArray, b: NdArray): NdArray {
  const [images, inputs] = x.shape;
  const [outputs] = w.shape;
  const y = zeros([images, outputs]);
  for (let n = 0; n < images; n++) {
    for (let k = 0; k < outputs; k++) {
      let sum = b.data[k];
      for (let c = 0; c < inputs; c++) sum += x.data[n * inputs + c] * w.data[k * inputs + c];
      y.data[n * outputs + k] = sum;
    }
  }
  return y;
}

export function denseGradient(dy: NdArray, x: NdArray, w: NdArray): { dx: NdArray; dw: NdArray; db: NdArray } {
  const [images, inputs] = x.shape;
  const [outputs] = w.shape;
  const [dx, dw, db] = [zeros(x.shape), zeros(w.shape), zeros([outputs])];
  for (let n = 0; n < images; n++) {
    for (let k = 0; k < outputs; k++) {
      const upstream = dy.data[n * outputs + k];
      db.data[k] += upstream;
      for (let c = 0; c < inputs; c++) {
        dx.data[n * inputs + c] += upstream * w.data[k * inputs + c];
        dw.data[k * inputs + c] += upstream * x.data[n * inputs + c];
      }
    }
  }
  return { dx, dw, db };
}
