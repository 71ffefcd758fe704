/** Assigns tensors to places in buffers so that tensors alive at different times share memory. */

export interface Lifetime {
  bytes: number;
  /** Indices of the nodes that touch it, ascending: the one that writes it, then those that read it. */
  uses: readonly number[];
}

export interface Place {
  buffer: number;
  /** Bytes from the buffer's start. */
  offset: number;
}

export interface Assignment {
  /** Where each lifetime lies. */
  places: Place[];
  /** Bytes of each buffer. */
  sizes: number[];
  /** The most bytes alive at any one node: no assignment can need less. */
  lowerBound: number;
}

/** WebGPU binds a buffer from multiples of this on (`minStorageBufferOffsetAlignment`). */
const alignment = 256;

interface Tenant {
  life: Lifetime;
  offset: number;
}

/**
 * Largest first, each into the first gap that is wide enough for all of its lifetime. No node may read from a buffer
 * that it also writes to, not even elsewhere in it: such tensors go to different buffers.
 */
export function assignBuffers(lifetimes: readonly Lifetime[]): Assignment {
  const order = lifetimes.map((_, i) => i).sort((a, b) => lifetimes[b].bytes - lifetimes[a].bytes || a - b);
  const places: Place[] = new Array(lifetimes.length);
  const sizes: number[] = [];
  const tenants: Tenant[][] = [];
  for (const index of order) {
    const life = lifetimes[index];
    let buffer = 0;
    let offset = null;
    while (offset === null) {
      if (buffer === sizes.length) {
        sizes.push(life.bytes);
        tenants.push([]);
      }
      offset = gapFor(life, tenants[buffer], sizes[buffer]);
      if (offset === null) buffer++;
    }
    tenants[buffer].push({ life, offset });
    places[index] = { buffer, offset };
  }
  return { places, sizes, lowerBound: peakBytes(lifetimes) };
}

/** The lowest offset at which `life` meets no tenant that is alive when it is, if it may be in this buffer at all. */
function gapFor(life: Lifetime, tenants: readonly Tenant[], size: number): number | null {
  const others = tenants.filter((other) => aliveTogether(life, other.life)).sort((a, b) => a.offset - b.offset);
  if (others.some((other) => inConflict(life, other.life))) return null;
  let offset = 0;
  for (const other of others) {
    if (offset + life.bytes <= other.offset) break;
    offset = Math.max(offset, Math.ceil((other.offset + other.life.bytes) / alignment) * alignment);
  }
  return offset + life.bytes <= size ? offset : null;
}

const firstUse = ({ uses }: Lifetime) => uses[0];
const lastUse = ({ uses }: Lifetime) => uses[uses.length - 1];

function aliveTogether(a: Lifetime, b: Lifetime): boolean {
  return firstUse(a) <= lastUse(b) && firstUse(b) <= lastUse(a);
}

/** Whether one is written by a node that touches the other too. */
function inConflict(a: Lifetime, b: Lifetime): boolean {
  return a.uses.includes(firstUse(b)) || b.uses.includes(firstUse(a));
}

function peakBytes(lifetimes: readonly Lifetime[]): number {
  const changes: [time: number, bytes: number][] = [];
  for (const life of lifetimes) changes.push([firstUse(life), life.bytes], [lastUse(life) + 1, -life.bytes]);
  changes.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let alive = 0;
  let peak = 0;
  for (const [, bytes] of changes) peak = Math.max(peak, alive += bytes);
  return peak;
}
