/** The passes of a convolution; see src/ops/conv2d.ts. */
import { coordinates, type Definition, type Sizes, sum, type Values } from "./definition.ts";

/** The sum over the values of K from `first` to `end` (exclusive) for one value of y; K counts ky, kx and i. */
function productsOf(index: number, { x, w }: Values, s: Sizes, first: number, end: number): number {
  const [n, r, c, o] = coordinates(index, [s.batch, s.outHeight, s.outWidth, s.outChannels]);
  const spacing = s.spacing ?? 1;
  return sum(first, end, (k) => {
    const [ky, kx, i] = coordinates(k, [s.side, s.side, s.inChannels]);
    const row = (r * s.stride + ky - s.padding) / spacing;
    const column = (c * s.stride + kx - s.padding) / spacing;
    if (!Number.isInteger(row) || !Number.isInteger(column)) return 0;
    if (row < 0 || row >= s.height || column < 0 || column >= s.width) return 0;
    const xAt = ((n * s.height + row) * s.width + column) * s.inChannels + i;
    return x[xAt] * w[o * s.side ** 2 * s.inChannels + k];
  });
}

const ended = (total: number, s: Sizes) => s.rectify === 1 ? Math.max(total, 0) : total;

const forward: Definition = {
  outputs: {
    y: (index, values, s) => {
      const bias = s.biased === 1 ? values.bias[index % s.outChannels] : 0;
      return ended(bias + productsOf(index, values, s, 0, s.side ** 2 * s.inChannels), s);
    },
  },
};

/** Where K is cut into several splits, of whole stages of `depth` values, y is left alone; else the partial sums are. */
const splitForward = (depth: number): Definition => ({
  outputs: {
    y: (index, values, s) => s.splits > 1 ? values.y[index] : forward.outputs.y(index, values, s),
    partial: (index, values, s) => {
      if (s.splits === 1) return values.partial[index];
      const length = s.batch * s.outHeight * s.outWidth * s.outChannels;
      const all = s.side ** 2 * s.inChannels;
      const each = depth * Math.ceil(Math.ceil(all / depth) / s.splits);
      const first = Math.floor(index / length) * each;
      return productsOf(index % length, values, s, first, Math.min(first + each, all));
    },
  },
});

const inputGradient: Definition = {
  outputs: {
    dx: (index, { dy, w }, s) => {
      const [n, row, column, i] = coordinates(index, [s.batch, s.height, s.width, s.inChannels]);
      let total = 0;
      for (let ky = 0; ky < s.side; ky++) {
        for (let kx = 0; kx < s.side; kx++) {
          const r = (row + s.padding - ky) / s.stride;
          const c = (column + s.padding - kx) / s.stride;
          if (!Number.isInteger(r) || !Number.isInteger(c)) continue;
          if (r < 0 || r >= s.outHeight || c < 0 || c >= s.outWidth) continue;
          const yAt = ((n * s.outHeight + r) * s.outWidth + c) * s.outChannels;
          for (let o = 0; o < s.outChannels; o++) {
            total += dy[yAt + o] * w[((o * s.side + ky) * s.side + kx) * s.inChannels + i];
          }
        }
      }
      return total;
    },
  },
};

/** One value of a weight gradient, over the pixels of dy from `first` to `end` (exclusive). */
function weightGradientOf(index: number, { x, dy }: Values, s: Sizes, first: number, end: number): number {
  const [o, ky, kx, i] = coordinates(index, [s.outChannels, s.side, s.side, s.inChannels]);
  return sum(first, end, (pixel) => {
    const [n, r, c] = coordinates(pixel, [s.batch, s.outHeight, s.outWidth]);
    const [row, column] = [r * s.stride + ky - s.padding, c * s.stride + kx - s.padding];
    if (row < 0 || row >= s.height || column < 0 || column >= s.width) return 0;
    return dy[pixel * s.outChannels + o] * x[((n * s.height + row) * s.width + column) * s.inChannels + i];
  });
}

const weightGradient: Definition = {
  outputs: { dw: (index, values, s) => weightGradientOf(index, values, s, 0, s.batch * s.outHeight * s.outWidth) },
};

const partialWeightGradient: Definition = {
  outputs: {
    partial: (index, values, s) => {
      const length = s.outChannels * s.side ** 2 * s.inChannels;
      const first = Math.floor(index / length) * s.splitPixels;
      const end = Math.min(first + s.splitPixels, s.batch * s.outHeight * s.outWidth);
      return weightGradientOf(index % length, values, s, first, end);
    },
  },
};

const sumSplits: Definition = {
  outputs: {
    y: (index, { partial, bias }, s) => {
      const total = sum(0, s.splits, (split) => partial[split * s.length + index]);
      return ended(s.biased === 1 ? bias[index % s.channels] + total : total, s);
    },
  },
};

const turnWeights: Definition = {
  outputs: {
    turned: (index, { w }, s) => {
      const [i, ky, kx, o] = coordinates(index, [s.inChannels, s.side, s.side, s.outChannels]);
      return w[((o * s.side + s.side - 1 - ky) * s.side + s.side - 1 - kx) * s.inChannels + i];
    },
  },
};

/** By kernel; versions of one kernel share its definition. */
export const conv2d: Record<string, Definition> = {
  "conv2d/forward": forward,
  "conv2d/forward_workgroup": splitForward(16),
  "conv2d/forward_matrix": splitForward(32),
  "conv2d/input_gradient": inputGradient,
  "conv2d/weight_gradient": weightGradient,
  "conv2d/weight_gradient_workgroup": partialWeightGradient,
  "conv2d/weight_gradient_matrix": partialWeightGradient,
  "conv2d/sum_splits": sumSplits,
  "conv2d/turn_weights": turnWeights,
};
