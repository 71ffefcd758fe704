/** The beginning of a network and of an attack: bytes to batches, mixing, the normaliser, steps along signs. */
import { philox } from "../../random.ts";
import { coordinates, type Definition, type Sizes, sum, uniform, whole } from "./definition.ts";

const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);

/** The normaliser's numbers for a channel; the fourth is padding. */
const inverse = (channel: number, s: Sizes) => [s.inverseR, s.inverseG, s.inverseB, 0][channel];

export const images: Record<string, Definition> = {
  "gather_batch/forward": {
    inputs: {
      bytes: (random) => random.uint32(),
      indices: whole(({ images }) => images),
      // Whether to flip, rows down, columns right, and a number nobody uses.
      jitter: (random, _, index) => index % 4 === 0 ? random.integer(2) : random.integer(9) - 4,
    },
    outputs: {
      y: (index, { bytes, indices, jitter }, s) => {
        const [n, r, c, channel] = coordinates(index, [s.batch, s.size, s.size, 4]);
        if (channel === 3) return 0;
        const row = clamp(r - jitter[4 * n + 1], 0, s.size - 1);
        const shifted = clamp(c - jitter[4 * n + 2], 0, s.size - 1);
        const column = jitter[4 * n] === 1 ? s.size - 1 - shifted : shifted;
        const at = (((indices[n] - s.first) * s.size + row) * s.size + column) * 3 + channel;
        return bytes[at >> 2] >>> (8 * (at % 4)) & 255;
      },
    },
  },
  "mix/forward": {
    inputs: { partner: whole(({ batch }) => batch), alpha: uniform },
    outputs: {
      y: (index, { x, partner, alpha }, { batch, values }) => {
        const [n, i] = coordinates(index, [batch, values]);
        return (1 - alpha[n]) * x[index] + alpha[n] * x[partner[n] * values + i];
      },
    },
  },
  "standardise/forward": {
    outputs: {
      y: (index, { x }, s) => (x[index] - [s.meanR, s.meanG, s.meanB, 0][index % 4]) * inverse(index % 4, s),
    },
  },
  "standardise/backward": { outputs: { dx: (index, { dy }, s) => dy[index] * inverse(index % 4, s) } },
  "sign_step/forward": {
    inputs: { x: (random) => 255 * random.uniform(), original: (random) => 255 * random.uniform() },
    outputs: {
      y: (index, { x, direction, original }, { step, epsilon }) => {
        if (index % 4 === 3) return x[index];
        const moved = x[index] + step * Math.sign(direction[index]);
        return clamp(clamp(moved, original[index] - epsilon, original[index] + epsilon), 0, 255);
      },
    },
  },
  "sign_offset/forward": {
    inputs: { x: (random) => 255 * random.uniform() },
    outputs: {
      y: (index, { x, direction, amount }, { pixels }) =>
        index % 4 === 3 ? x[index] : x[index] + amount[Math.floor(index / (4 * pixels))] * Math.sign(direction[index]),
    },
  },
  "noise/forward": {
    outputs: {
      y: (index, { streams }, s) => {
        const [n, pixel, channel] = coordinates(index, [s.batch, s.pixels, 4]);
        if (channel === 3) return 0;
        const words = philox([pixel, streams[n], s.purpose, 0], [s.keyLow, s.keyHigh]);
        const u = words.map((word) => Math.floor(word / 2 ** 8) / 2 ** 24);
        if (s.normal === 0) return 2 * u[channel] - 1;
        const radius = Math.sqrt(-2 * Math.log(1 - u[channel === 2 ? 2 : 0]));
        const angle = Math.PI * (2 * u[channel === 2 ? 3 : 1] - 1);
        return radius * (channel === 1 ? Math.sin(angle) : Math.cos(angle));
      },
    },
  },
  "l2_step/forward": {
    inputs: { x: (random) => 255 * random.uniform(), original: (random) => 255 * random.uniform() },
    outputs: {
      y: (index, { x, direction, original }, { values, step, epsilon }) => {
        const change = (i: number) => x[i] + step * direction[i] - original[i];
        const start = index - index % values;
        const length = Math.sqrt(sum(start, start + values, (i) => change(i) ** 2));
        return clamp(original[index] + change(index) * Math.min(1, epsilon / length), 0, 255);
      },
    },
  },
  "normalise_gradient/forward": {
    outputs: {
      y: (index, { g }, { values, norm }) => {
        const start = index - index % values;
        const power = sum(start, start + values, (i) => Math.abs(g[i]) ** norm) ** (1 / norm);
        return g[index] / (power + 1e-12);
      },
    },
  },
};
