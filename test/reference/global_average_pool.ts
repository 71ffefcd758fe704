/** Mean over all pixels: x [N, H, W, C] → y [N, C]. */
import { fromFunction, type NdArray, zeros } from "./array.ts";

export function globalAveragePool(x: NdArray): NdArray {
  const [images, height, width, channels] = x.shape;
  const y = zeros([images, channels]);
  x.data.forEach((value, i) => y.data[pooledIndex(i, x.shape)] += value / (height * width));
  return y;
}

export function globalAveragePoolGradient(dy: NdArray, xShape: number[]): NdArray {
  const [, height, width] = xShape;
  return fromFunction(xShape, (i) => dy.data[pooledIndex(i, xShape)] / (height * width));
}

/** The flat index in y of the mean that x's flat index i belongs to. */
function pooledIndex(i: number, [, height, width, channels]: number[]): number {
  return Math.floor(i / (height * width * channels)) * channels + i % channels;
}
