/** Kernels whose every value stands alone. */
import { type Definition, type Sizes, sum, type Values } from "./definition.ts";

function velocityOf(i: number, { velocities, gradients, weights }: Values, s: Sizes): number {
  const gradient = sum(0, s.summands, (k) => gradients[k * s.length + i]);
  return s.momentum * velocities[i] + s.share * gradient + s.decay * weights[i];
}

export const elementwise: Record<string, Definition> = {
  "add/forward": {
    outputs: { z: (i, { x, y }, { rectify }) => rectify === 1 ? Math.max(x[i] + y[i], 0) : x[i] + y[i] },
  },
  "assign/forward": { outputs: { destination: (i, { value }) => value[i] } },
  "ceiling/copy": { outputs: { y: (i, { x }) => x[i] } },
  "ceiling/fma": {
    outputs: {
      y: (i, _, { rounds, factor }) => {
        const seed = i % 4 === 0 ? i / 4 : i % 4;
        let total = 0;
        for (let chain = 0; chain < 8; chain++) {
          let value = seed + chain;
          for (let round = 0; round < rounds; round++) value = value * factor + seed;
          total += value;
        }
        return total;
      },
    },
  },
  "clip_pixels/forward": { outputs: { y: (i, { x }) => Math.min(Math.max(x[i], 0), 255) } },
  "fill/forward": { outputs: { y: (_, __, { value }) => value } },
  "relu/forward": { outputs: { y: (i, { x }) => Math.max(x[i], 0) } },
  "relu/backward": { outputs: { dx: (i, { y, dy }) => y[i] <= 0 ? 0 : dy[i] } },
  "scale/forward": { outputs: { y: (i, { x }, { factor }) => factor * x[i] } },
  "soft_minimum/forward": { outputs: { z: (i, { x, y }) => -Math.log(Math.exp(-x[i]) + Math.exp(-y[i])) } },
  "soft_minimum/backward": {
    outputs: {
      dx: (i, { x, y, dz }) => dz[i] / (1 + Math.exp(x[i] - y[i])),
      dy: (i, { x, y, dz }) => dz[i] / (1 + Math.exp(y[i] - x[i])),
    },
  },
  "sgd/forward": {
    outputs: {
      velocities: velocityOf,
      weights: (i, values, sizes) => values.weights[i] - values.rate[0] * velocityOf(i, values, sizes),
    },
  },
};
