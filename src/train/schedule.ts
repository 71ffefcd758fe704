/** The learning rate over a training run. */

/** The share of training in which the rate rises to its full value: steep first steps leave small networks stuck. */
export const warmUp = 0.1;

/**
 * A linear rise to `rate`, then half a cosine down to zero.
 * Source: Loshchilov and Hutter, ICLR 2017 (cosine); Goyal et al., "Accurate, Large Minibatch SGD", 2017 (warm-up).
 *
 * @param step counted from 0 @param steps of the whole run
 */
export function learningRateAt(rate: number, step: number, steps: number): number {
  const rising = steps * warmUp;
  if (step + 1 < rising) return rate * (step + 1) / rising;
  const done = (step - rising) / (steps - rising);
  return rate * 0.5 * (1 + Math.cos(Math.PI * Math.max(0, done)));
}
