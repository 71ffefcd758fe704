/** Batch normalisation, kernel by kernel; see src/ops/batch_norm.ts. */
import { coordinates, type Definition, positive, type Sizes, sum, type Values } from "./definition.ts";

const EPSILON = 1e-5;

const pixelsOf = (chunk: number, s: Sizes): [first: number, end: number] => [
  chunk * s.chunkPixels,
  Math.min((chunk + 1) * s.chunkPixels, s.pixels),
];

/** x̂ of one value, and what comes back to it from above. */
function normalised(at: number, { x, dy, gamma, beta, mean, variance }: Values, { channels, rectify }: Sizes) {
  const c = at % channels;
  const value = (x[at] - mean[c]) / Math.sqrt(variance[c] + EPSILON);
  const cut = rectify === 1 && gamma[c] * value + beta[c] <= 0;
  return { value, upstream: cut || !dy ? 0 : dy[at] };
}

/** Count, mean and sum of squared deviations of each chunk, merged. */
function merged(c: number, { partial }: Values, s: Sizes): { mean: number; variance: number } {
  const chunks = Array.from({ length: s.chunks }, (_, chunk) => {
    const [first, end] = pixelsOf(chunk, s);
    const at = chunk * 2 * s.channels + c;
    return { count: end - first, mean: partial[at], squares: partial[at + s.channels] };
  });
  const mean = chunks.reduce((total, chunk) => total + chunk.count * chunk.mean, 0) / s.pixels;
  const squares = chunks.reduce((total, chunk) => total + chunk.squares + chunk.count * (chunk.mean - mean) ** 2, 0);
  return { mean, variance: squares / s.pixels };
}

export const batchNorm: Record<string, Definition> = {
  "batch_norm/partial_statistics": {
    outputs: {
      partial: (index, { x }, s) => {
        const [chunk, part, c] = coordinates(index, [s.chunks, 2, s.channels]);
        const [first, end] = pixelsOf(chunk, s);
        const mean = sum(first, end, (pixel) => x[pixel * s.channels + c]) / (end - first);
        return part === 0 ? mean : sum(first, end, (pixel) => (x[pixel * s.channels + c] - mean) ** 2);
      },
    },
  },
  "batch_norm/statistics": {
    inputs: { partial: positive },
    outputs: {
      mean: (c, values, s) => merged(c, values, s).mean,
      variance: (c, values, s) => merged(c, values, s).variance,
      runningMean: (c, values, s) => {
        const before = values.runningMean[c];
        return s.running === 1 ? 0.9 * before + 0.1 * merged(c, values, s).mean : before;
      },
      runningVariance: (c, values, s) => {
        const before = values.runningVariance[c];
        const unbiased = merged(c, values, s).variance * s.pixels / Math.max(s.pixels - 1, 1);
        return s.running === 1 ? 0.9 * before + 0.1 * unbiased : before;
      },
    },
  },
  "batch_norm/normalise": {
    inputs: { variance: positive },
    outputs: {
      y: (at, values, s) => {
        const c = at % s.channels;
        const shortcut = s.residual === 1 ? values.shortcut[at] : 0;
        const y = values.gamma[c] * normalised(at, values, s).value + values.beta[c] + shortcut;
        return s.rectify === 1 ? Math.max(y, 0) : y;
      },
    },
  },
  "batch_norm/partial_gradient_sums": {
    inputs: { variance: positive },
    outputs: {
      partial: (index, values, s) => {
        const [chunk, part, c] = coordinates(index, [s.chunks, 2, s.channels]);
        return sum(...pixelsOf(chunk, s), (pixel) => {
          const { value, upstream } = normalised(pixel * s.channels + c, values, s);
          return part === 0 ? upstream : upstream * value;
        });
      },
    },
  },
  "batch_norm/masked_gradient_sums": {
    inputs: { variance: positive },
    outputs: {
      masked: (at, { y, dy }) => y[at] <= 0 ? 0 : dy[at],
      partial: (index, values, s) => {
        const [chunk, part, c] = coordinates(index, [s.chunks, 2, s.channels]);
        return sum(...pixelsOf(chunk, s), (pixel) => {
          const at = pixel * s.channels + c;
          const upstream = values.y[at] <= 0 ? 0 : values.dy[at];
          return part === 0 ? upstream : upstream * normalised(at, values, s).value;
        });
      },
    },
  },
  "batch_norm/gradient_sums": {
    outputs: {
      dbeta: (c, { partial }, s) => sum(0, s.chunks, (chunk) => partial[chunk * 2 * s.channels + c]),
      dgamma: (c, { partial }, s) => sum(0, s.chunks, (chunk) => partial[(chunk * 2 + 1) * s.channels + c]),
    },
  },
  "batch_norm/input_gradient": {
    inputs: { variance: positive },
    outputs: {
      dx: (at, values, s) => {
        const { gamma, variance, dgamma, dbeta } = values;
        const c = at % s.channels;
        const { value, upstream } = normalised(at, values, s);
        const means = (dbeta[c] + value * dgamma[c]) / s.pixels;
        return gamma[c] / Math.sqrt(variance[c] + EPSILON) * (upstream - means);
      },
    },
  },
  "batch_norm/fold": {
    inputs: { variance: positive },
    outputs: {
      folded: (i, { w, gamma, variance }, { filterSize }) => {
        const o = Math.floor(i / filterSize);
        return w[i] * gamma[o] / Math.sqrt(variance[o] + EPSILON);
      },
      bias: (o, { gamma, beta, mean, variance }) => beta[o] - mean[o] * gamma[o] / Math.sqrt(variance[o] + EPSILON),
    },
  },
};
