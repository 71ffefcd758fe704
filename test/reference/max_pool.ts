/**
 * Maximum over side × side windows with stride 2, as PyTorch's MaxPool2d(side, 2, padding): pixels outside do not count, and a
 * last row or column that fills no window is dropped.
 */
import { map, type NdArray, zeros } from "./array.ts";

/** x [N, H, W, C] → y [N, ⌊(H + 2p − side)/2⌋ + 1, likewise, C]. */
export function maxPool(x: NdArray, side = 2, padding = 0): NdArray {
  const { shape, source } = maximumPositions(x, side, padding);
  return { shape, data: Float64Array.from(source, (i) => x.data[i]) };
}

/** Each window's gradient goes whole to its first maximum in row-major order. */
export function maxPoolGradient(dy: NdArray, x: NdArray, side = 2, padding = 0): NdArray {
  const dx = zeros(x.shape);
  maximumPositions(x, side, padding).source.forEach((from, i) => dx.data[from] += dy.data[i]);
  return dx;
}

/** For each output value, the flat index in x of its window's first maximum. */
function maximumPositions(x: NdArray, side: number, padding: number): { shape: number[]; source: Uint32Array } {
  const [images, height, width, channels] = x.shape;
  const out = (length: number) => Math.floor((length + 2 * padding - side) / 2) + 1;
  const shape = [images, out(height), out(width), channels];
  const [, outHeight, outWidth] = shape;
  const source = map(zeros(shape), (_, i) => {
    const c = i % channels;
    const ox = Math.floor(i / channels) % outWidth;
    const oy = Math.floor(i / (channels * outWidth)) % outHeight;
    const n = Math.floor(i / (channels * outWidth * outHeight));
    const window: number[] = [];
    for (let row = 2 * oy - padding; row < 2 * oy - padding + side; row++) {
      for (let column = 2 * ox - padding; column < 2 * ox - padding + side; column++) {
        const inside = row >= 0 && row < height && column >= 0 && column < width;
        if (inside) window.push(((n * height + row) * width + column) * channels + c);
      }
    }
    return window.reduce((best, candidate) => x.data[candidate] > x.data[best] ? candidate : best);
  });
  return { shape, source: Uint32Array.from(source.data) };
}
