/** Assigns tensors to buffers so that tensors alive at different times share one. */

export interface Lifetime {
  bytes: number;
  /** Index of the node that writes it. */
  from: number;
  /** Index of the last node that reads it. */
  to: number;
}

export interface Assignment {
  /** Which buffer each lifetime got. */
  buffer: number[];
  /** Bytes of each buffer. */
  sizes: number[];
  /** The most bytes alive at any one node: no assignment can need less. */
  lowerBound: number;
}

/** Largest first, each into the first buffer that is free for all of its lifetime. */
export function assignBuffers(lifetimes: readonly Lifetime[]): Assignment {
  const order = lifetimes.map((_, i) => i).sort((a, b) => lifetimes[b].bytes - lifetimes[a].bytes || a - b);
  const buffer: number[] = new Array(lifetimes.length);
  const sizes: number[] = [];
  const tenants: Lifetime[][] = [];
  for (const index of order) {
    const life = lifetimes[index];
    let chosen = tenants.findIndex((others) => others.every((other) => other.to < life.from || life.to < other.from));
    if (chosen < 0) {
      chosen = tenants.push([]) - 1;
      sizes.push(life.bytes);
    }
    tenants[chosen].push(life);
    buffer[index] = chosen;
  }
  return { buffer, sizes, lowerBound: peakBytes(lifetimes) };
}

function peakBytes(lifetimes: readonly Lifetime[]): number {
  const changes: [time: number, bytes: number][] = [];
  for (const { bytes, from, to } of lifetimes) changes.push([from, bytes], [to + 1, -bytes]);
  changes.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let alive = 0;
  let peak = 0;
  for (const [, bytes] of changes) peak = Math.max(peak, alive += bytes);
  return peak;
}
