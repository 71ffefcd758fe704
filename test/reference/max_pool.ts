/** Maximum over 2×2 windows with stride 2; an odd last row or column is dropped, as in PyTorch's MaxPool2d(2). */
import { map, type NdArray, zeros } from "./array.ts";

/** x [N, H, W, C] → y [N, ⌊H/2⌋, ⌊W/2⌋, C]. */
export function maxPool(x: NdArray): NdArray {
  const { shape, source } = maximumPositions(x);
  return { shape, data: Float64Array.from(source, (i) => x.data[i]) };
}

/** Each window's gradient goes whole to its first maximum in row-major order. */
export function maxPoolGradient(dy: NdArray, x: NdArray): NdArray {
  const dx = zeros(x.shape);
  maximumPositions(x).source.forEach((from, i) => dx.data[from] = dy.data[i]);
  return dx;
}

/** For each output value, the flat index in x of its window's first maximum. */
function maximumPositions(x: NdArray): { shape: number[]; source: Uint32Array } {
  const [images, height, width, channels] = x.shape;
  const shape = [images, Math.floor(height / 2), Math.floor(width / 2), channels];
  const [, outHeight, outWidth] = shape;
  const source = map(zeros(shape), (_, i) => {
    const c = i % channels;
    const ox = Math.floor(i / channels) % outWidth;
    const oy = Math.floor(i / (channels * outWidth)) % outHeight;
    const n = Math.floor(i / (channels * outWidth * outHeight));
    const at = (y: number, x: number) => ((n * height + y) * width + x) * channels + c;
    const window = [at(2 * oy, 2 * ox), at(2 * oy, 2 * ox + 1), at(2 * oy + 1, 2 * ox), at(2 * oy + 1, 2 * ox + 1)];
    return window.reduce((best, candidate) => x.data[candidate] > x.data[best] ? candidate : best);
  });
  return { shape, source: Uint32Array.from(source.data) };
}
