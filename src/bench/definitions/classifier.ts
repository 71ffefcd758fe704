/** The end of a network: pooling, the dense layer and losses. */
import { coordinates, type Definition, type Sizes, sum, type Values, whole } from "./definition.ts";

/** log softmax of one row of [batch, classes] at class k. */
function logSoftmax(logits: ArrayLike<number>, n: number, k: number, { classes }: Sizes): number {
  const row = Array.from({ length: classes }, (_, j) => logits[n * classes + j]);
  const largest = Math.max(...row);
  return row[k] - largest - Math.log(row.reduce((total, z) => total + Math.exp(z - largest), 0));
}

/** log p and log q of a Kullback-Leibler divergence. */
const logs = ({ a, b }: Values, n: number, k: number, s: Sizes) => ({
  p: logSoftmax(a, n, k, s),
  q: logSoftmax(b, n, k, s),
});

/** Where the pixels of a window of max pooling lie, in row-major order; padding has no place. */
function windowOf(n: number, r: number, c: number, channel: number, s: Sizes): number[] {
  const places: number[] = [];
  for (let k = 0; k < s.side * s.side; k++) {
    const row = 2 * r + Math.floor(k / s.side) - s.padding;
    const column = 2 * c + k % s.side - s.padding;
    if (row < 0 || row >= s.height || column < 0 || column >= s.width) continue;
    places.push(((n * s.height + row) * s.width + column) * s.channels + channel);
  }
  return places;
}

const labels = whole(({ classes }) => classes);

export const classifier: Record<string, Definition> = {
  "max_pool/forward": {
    outputs: {
      y: (index, { x }, s) => {
        const [n, r, c, channel] = coordinates(index, [s.batch, s.outHeight, s.outWidth, s.channels]);
        return Math.max(...windowOf(n, r, c, channel, s).map((at) => x[at]));
      },
    },
  },
  "max_pool/backward": {
    outputs: {
      dx: (index, { x, dy }, s) => {
        const [n, row, column, channel] = coordinates(index, [s.batch, s.height, s.width, s.channels]);
        const windows = [0, 1].flatMap((up) => [0, 1].map((left) => [up, left])).map(([up, left]) => [
          ((row + s.padding) >> 1) - up,
          ((column + s.padding) >> 1) - left,
        ]);
        let total = 0;
        for (const [r, c] of windows) {
          if (r < 0 || r >= s.outHeight || c < 0 || c >= s.outWidth) continue;
          const first = windowOf(n, r, c, channel, s).reduce((best, at) => x[at] > x[best] ? at : best);
          if (first === index) total += dy[((n * s.outHeight + r) * s.outWidth + c) * s.channels + channel];
        }
        return total;
      },
    },
  },
  "global_average_pool/forward": {
    outputs: {
      y: (index, { x }, s) => {
        const [n, c] = coordinates(index, [s.batch, s.channels]);
        return sum(0, s.pixels, (pixel) => x[(n * s.pixels + pixel) * s.channels + c]) / s.pixels;
      },
    },
  },
  "global_average_pool/backward": {
    outputs: {
      dx: (index, { dy }, s) => {
        const [n, , c] = coordinates(index, [s.batch, s.pixels, s.channels]);
        return dy[n * s.channels + c] / s.pixels;
      },
    },
  },
  "dense/forward": {
    outputs: {
      y: (index, { x, w, b }, s) => {
        const [n, k] = coordinates(index, [s.batch, s.classes]);
        return b[k] + sum(0, s.channels, (c) => x[n * s.channels + c] * w[k * s.channels + c]);
      },
    },
  },
  "dense/input_gradient": {
    outputs: {
      dx: (index, { dy, w }, s) => {
        const [n, c] = coordinates(index, [s.batch, s.channels]);
        return sum(0, s.classes, (k) => dy[n * s.classes + k] * w[k * s.channels + c]);
      },
    },
  },
  "dense/weight_gradient": {
    outputs: {
      dw: (index, { x, dy }, s) => {
        const [k, c] = coordinates(index, [s.classes, s.channels]);
        return sum(0, s.batch, (n) => dy[n * s.classes + k] * x[n * s.channels + c]);
      },
      db: (k, { dy }, s) => sum(0, s.batch, (n) => dy[n * s.classes + k]),
    },
  },
  "cross_entropy/forward": {
    inputs: { labels },
    outputs: { losses: (n, { logits, labels }, s) => -logSoftmax(logits, n, labels[n], s) },
  },
  "cross_entropy/backward": {
    inputs: { labels },
    outputs: {
      dlogits: (index, { logits, labels, upstream }, s) => {
        const [n, k] = coordinates(index, [s.batch, s.classes]);
        return upstream[n] * (Math.exp(logSoftmax(logits, n, k, s)) - Number(k === labels[n]));
      },
    },
  },
  "kl_divergence/forward": {
    outputs: {
      divergence: (n, values, s) =>
        sum(0, s.classes, (k) => {
          const { p, q } = logs(values, n, k, s);
          return Math.exp(p) * (p - q);
        }),
    },
  },
  "kl_divergence/backward": {
    outputs: {
      da: (index, values, s) => {
        const [n, k] = coordinates(index, [s.batch, s.classes]);
        const { p, q } = logs(values, n, k, s);
        return values.upstream[n] * Math.exp(p) * (p - q - values.divergence[n]);
      },
      db: (index, values, s) => {
        const [n, k] = coordinates(index, [s.batch, s.classes]);
        const { p, q } = logs(values, n, k, s);
        return values.upstream[n] * (Math.exp(q) - Math.exp(p));
      },
    },
  },
  "mean/forward": { outputs: { y: (_, { x }, { length }) => sum(0, length, (i) => x[i]) / length } },
  "mean/backward": { outputs: { dx: (_, { dy }, { length }) => dy[0] / length } },
};
