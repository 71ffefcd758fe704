/**
 * Batch normalisation over every axis but the last: y = γ·x̂ + β with x̂ = (x − mean)/√(variance + 1e-5).
 * Source: Ioffe and Szegedy 2015; details (ε, momentum, biased and unbiased variance) as in PyTorch's BatchNorm2d.
 */
import { map, type NdArray, zeros } from "./array.ts";

export const EPSILON = 1e-5;
export const MOMENTUM = 0.1;

export interface Statistics {
  mean: NdArray;
  variance: NdArray;
}

export interface BatchNormGradient {
  dx: NdArray;
  dgamma: NdArray;
  dbeta: NdArray;
}

/** The mean and the biased variance of each channel: x [..., C] → two of [C]. */
export function batchStatistics(x: NdArray): Statistics {
  const mean = channelMean(x, (i) => x.data[i]);
  const channels = mean.data.length;
  return { mean, variance: channelMean(x, (i) => (x.data[i] - mean.data[i % channels]) ** 2) };
}

/** Training: normalises x [N, H, W, C] with its own statistics, which are returned too. */
export function batchNorm(x: NdArray, gamma: NdArray, beta: NdArray): { y: NdArray } & Statistics {
  const statistics = batchStatistics(x);
  return { y: batchNormInference(x, gamma, beta, statistics), ...statistics };
}

/** Backward of `batchNorm`: the statistics depend on x, so dx loses its components along 1 and along x̂. */
export function batchNormGradient(dy: NdArray, x: NdArray, gamma: NdArray): BatchNormGradient {
  const statistics = batchStatistics(x);
  const normalised = normalise(x, statistics);
  const channels = gamma.data.length;
  const dyMean = channelMean(x, (i) => dy.data[i]);
  const dyNormalisedMean = channelMean(x, (i) => dy.data[i] * normalised.data[i]);
  const dx = map(dy, (upstream, i) => {
    const c = i % channels;
    const centred = upstream - dyMean.data[c] - normalised.data[i] * dyNormalisedMean.data[c];
    return gamma.data[c] / Math.sqrt(statistics.variance.data[c] + EPSILON) * centred;
  });
  const count = x.data.length / channels;
  return { dx, dgamma: map(dyNormalisedMean, (m) => m * count), dbeta: map(dyMean, (m) => m * count) };
}

/** Inference: normalises x [N, H, W, C] with given (running) statistics. */
export function batchNormInference(x: NdArray, gamma: NdArray, beta: NdArray, statistics: Statistics): NdArray {
  const channels = gamma.data.length;
  return map(normalise(x, statistics), (value, i) => gamma.data[i % channels] * value + beta.data[i % channels]);
}

/** Weights [O, kh, kw, I] and a bias [O] with which a convolution does the work of `batchNormInference` behind it too. */
export function foldBatchNorm(
  w: NdArray,
  gamma: NdArray,
  beta: NdArray,
  { mean, variance }: Statistics,
): { w: NdArray; bias: NdArray } {
  const filterSize = w.data.length / gamma.data.length;
  const scale = map(gamma, (value, o) => value / Math.sqrt(variance.data[o] + EPSILON));
  return {
    w: map(w, (value, i) => value * scale.data[Math.floor(i / filterSize)]),
    bias: map(beta, (value, o) => value - mean.data[o] * scale.data[o]),
  };
}

/** Backward of `batchNormInference`: the statistics are constants. */
export function batchNormInferenceGradient(
  dy: NdArray,
  x: NdArray,
  gamma: NdArray,
  statistics: Statistics,
): BatchNormGradient {
  const normalised = normalise(x, statistics);
  const channels = gamma.data.length;
  const [dgamma, dbeta] = [zeros(gamma.shape), zeros(gamma.shape)];
  const dx = map(dy, (upstream, i) => {
    const c = i % channels;
    dgamma.data[c] += upstream * normalised.data[i];
    dbeta.data[c] += upstream;
    return gamma.data[c] / Math.sqrt(statistics.variance.data[c] + EPSILON) * upstream;
  });
  return { dx, dgamma, dbeta };
}

/** running ← 0.9·running + 0.1·batch, with the unbiased variance of the `count` = N·H·W values per channel. */
export function updateRunningStatistics(running: Statistics, batch: Statistics, count: number): Statistics {
  const blend = (old: number, now: number) => (1 - MOMENTUM) * old + MOMENTUM * now;
  const unbiased = count / (count - 1);
  return {
    mean: map(running.mean, (old, c) => blend(old, batch.mean.data[c])),
    variance: map(running.variance, (old, c) => blend(old, batch.variance.data[c] * unbiased)),
  };
}

function normalise(x: NdArray, { mean, variance }: Statistics): NdArray {
  const channels = mean.data.length;
  return map(x, (value, i) => (value - mean.data[i % channels]) / Math.sqrt(variance.data[i % channels] + EPSILON));
}

function channelMean(x: NdArray, value: (i: number) => number): NdArray {
  const channels = x.shape[x.shape.length - 1];
  const sums = zeros([channels]);
  for (let i = 0; i < x.data.length; i++) sums.data[i % channels] += value(i);
  return map(sums, (sum) => sum * channels / x.data.length);
}
