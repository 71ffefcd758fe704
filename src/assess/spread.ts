/** Accuracies of several networks that differ in their seed only, as one. */
import { type Proportion, wilson } from "./interval.ts";

/** What is known of an accuracy; all numbers are fractions. */
export interface Estimate {
  /** Networks of which something was counted. */
  networks: number;
  /** Mean over the networks. */
  mean: number;
  /** Sample standard deviation over the networks; null where there is only one. */
  deviation: number | null;
  /** Of the single networks. */
  least: number;
  most: number;
  /**
   * How far to trust the mean: the 95 % score interval of one network's images, or with several networks one standard
   * deviation either way (within [0, 1]), since training with another seed moves an accuracy more than other images do.
   */
  low: number;
  high: number;
}

/** @param proportions one per network @returns null where nothing was counted. @throws RangeError for what is no proportion. */
export function estimate(proportions: readonly Proportion[]): Estimate | null {
  const counted = proportions.filter(({ count }) => count > 0);
  if (counted.length === 0) return null;
  const intervals = counted.map(({ correct, count }) => wilson(correct, count));
  const fractions = counted.map(({ correct, count }) => correct / count);
  const mean = fractions.reduce((sum, fraction) => sum + fraction, 0) / fractions.length;
  const deviation = fractions.length > 1 ? sampleDeviation(fractions, mean) : null;
  const { low, high } = deviation === null
    ? intervals[0]
    : { low: Math.max(0, mean - deviation), high: Math.min(1, mean + deviation) };
  const [least, most] = [Math.min(...fractions), Math.max(...fractions)];
  return { networks: fractions.length, mean, deviation, least, most, low, high };
}

function sampleDeviation(values: readonly number[], mean: number): number {
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
