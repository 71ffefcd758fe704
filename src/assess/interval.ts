/** How far a counted accuracy can be trusted. */

/** So many correct out of so many: an accuracy with its denominator. `count` may be 0, and then there is no accuracy. */
export interface Proportion {
  correct: number;
  count: number;
}

/** The 0.975 quantile of the standard normal distribution: two-sided 95 %. */
const Z = 1.959963984540054;

/**
 * The 95 % score interval of a binomial proportion, as fractions in [0, 1]. Unlike p ± 1.96·√(p(1−p)/n) it stays inside
 * [0, 1] and keeps its width at 0 % and 100 %, which adversarial accuracies often reach. A count of 0 says nothing: [0, 1].
 *
 * Throws a RangeError unless 0 ≤ correct ≤ count, both integers.
 * Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22(158), 1927.
 */
export function wilson(correct: number, count: number): { low: number; high: number } {
  if (!Number.isInteger(correct) || !Number.isInteger(count) || correct < 0 || correct > count) {
    throw new RangeError(`no proportion: ${correct} correct out of ${count}`);
  }
  if (count === 0) return { low: 0, high: 1 };
  const fraction = correct / count;
  const square = Z * Z / count;
  const centre = (fraction + square / 2) / (1 + square);
  const reach = Math.sqrt(fraction * (1 - fraction) * square + square * square / 4) / (1 + square);
  // At the ends the exact bound is 0 or 1, and rounding must not leave 1e-17 there.
  return { low: correct === 0 ? 0 : centre - reach, high: correct === count ? 1 : centre + reach };
}
