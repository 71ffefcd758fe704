/** Things that take turns, so that a machine that is slower for a while is so for all of them. */

/** Something to time: it runs once, to the end, and says how many milliseconds that took. */
export type Timed = () => Promise<number>;

/**
 * The median of the rounds, and an interval that holds the true median with a probability of 96 % where there are nine
 * (Conover, Practical Nonparametric Statistics, section 3.2: from the second lowest to the second highest).
 */
export interface Ratio {
  median: number;
  low: number;
  high: number;
}

export interface Clockwork {
  rounds: number;
  /** Short things are repeated for at least this many milliseconds. */
  reading: number;
}

export const usualClockwork: Clockwork = { rounds: 9, reading: 400 };

/**
 * Each thing's time over the first one's of the same round; every round begins with another thing, so that none has
 * always the same one before it.
 *
 * @returns a ratio for each but the first
 */
export async function takeTurns(
  things: readonly Timed[],
  rounds: number,
  onRound: (done: number) => void = () => {},
): Promise<Ratio[]> {
  const ratios: number[][] = things.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const times: number[] = new Array(things.length);
    for (let turn = 0; turn < things.length; turn++) {
      const index = (round + turn) % things.length;
      times[index] = await things[index]();
    }
    times.forEach((time, i) => ratios[i].push(time / times[0]));
    onRound(round + 1);
  }
  return ratios.slice(1).map(middle);
}

export function middle(values: readonly number[]): Ratio {
  const sorted = values.toSorted((a, b) => a - b);
  const last = sorted.length - 1;
  const outer = last > 1 ? 1 : 0;
  return { median: sorted[Math.floor(last / 2)], low: sorted[outer], high: sorted[last - outer] };
}
