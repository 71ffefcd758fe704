/** Learning-rate schedules. */

/**
 * Half a cosine from `rate` at the start to zero at the end (Loshchilov and Hutter, ICLR 2017, without restarts).
 * @param done the share of training done, 0 to 1
 */
export function cosine(rate: number, done: number): number {
  return rate * 0.5 * (1 + Math.cos(Math.PI * done));
}
