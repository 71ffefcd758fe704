/** Timing kernel calls: by the device's clock and by the wall's. */
import type { Gpu } from "../gpu/device.ts";
import { profile } from "../gpu/profile.ts";
import { type KernelCall, submit } from "../gpu/record.ts";

/** Some measurements, milliseconds. */
export interface Spread {
  best: number;
  median: number;
  /** First and third quartile. */
  low: number;
  high: number;
  count: number;
}

export interface Measurement {
  /** Between two timestamps of the device; absent where it has none. */
  gpu?: Spread;
  /** Per run of a batch of runs, from submission until the device is done. */
  wall: Spread;
}

/** Short runs are timed in batches of about this many milliseconds: Dawn is asked for news once a millisecond. */
const batchMilliseconds = 40;
const mostRuns = 100;

/** Runs a call in `batches` batches for each clock, turn by turn, after one run to warm up. */
export async function measure(gpu: Gpu, call: KernelCall, batches = 5): Promise<Measurement> {
  const once = await wallTime(gpu, [call]);
  const runs = Math.min(Math.max(Math.ceil(batchMilliseconds / once), 1), mostRuns);
  const batch: KernelCall[] = new Array(runs).fill(call);
  const [device, wall]: number[][] = [[], []];
  for (let i = 0; i < batches; i++) {
    wall.push(await wallTime(gpu, batch) / runs);
    if (gpu.timestamps) device.push(...(await profile(gpu, batch)).map(({ begin, end }) => end - begin));
  }
  return { ...gpu.timestamps && { gpu: spread(device) }, wall: spread(wall) };
}

export async function wallTime(gpu: Gpu, calls: readonly KernelCall[]): Promise<number> {
  await gpu.sync();
  const begun = performance.now();
  submit(gpu, calls);
  await gpu.sync();
  return performance.now() - begun;
}

/** The time to reckon with: the device's where it has a clock. */
export const timeOf = ({ gpu, wall }: Measurement): Spread => gpu ?? wall;

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const below = Math.floor(place);
    return sorted[below] + (place - below) * ((sorted[below + 1] ?? sorted[below]) - sorted[below]);
  };
  return { best: sorted[0], median: at(0.5), low: at(0.25), high: at(0.75), count: values.length };
}
