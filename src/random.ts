/**
 * Counter-based randomness: every number is a pure function of (seed, purpose, step, index), so nothing about a
 * generator's state needs saving and a resumed run draws exactly what an uninterrupted one would have drawn.
 *
 * Source: Philox-4x32-10, Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** Ten rounds of Philox-4x32: four 32-bit outputs for a 128-bit counter and a 64-bit key. */
export function philox(counter: readonly number[], key: readonly number[]): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const a = multiplyHigh(MULTIPLIER_0, c0) ^ c3 ^ k1;
    const b = multiplyHigh(MULTIPLIER_1, c2) ^ c1 ^ k0;
    c3 = Math.imul(MULTIPLIER_0, c0);
    c1 = Math.imul(MULTIPLIER_1, c2);
    c0 = b;
    c2 = a;
    k0 = k0 + WEYL_0 | 0;
    k1 = k1 + WEYL_1 | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/** The high word of the 64 bits of a · b, by schoolbook multiplication of halves: millions of weights are drawn with it. */
function multiplyHigh(a: number, b: number): number {
  const low = (a & 0xffff) * (b & 0xffff);
  const middle = (a >>> 16) * (b & 0xffff) + (low >>> 16);
  const carried = (a & 0xffff) * (b >>> 16) + (middle & 0xffff);
  return (a >>> 16) * (b >>> 16) + (middle >>> 16) + (carried >>> 16);
}

/** FNV-1a, 32 bits: turns a purpose such as "shuffle" into a counter word. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}

/** What all streams of a seed and a purpose share: Philox's key and the third word of its counter. */
export function streamKey(seed: number, purpose: string): { keyLow: number; keyHigh: number; purpose: number } {
  return { keyLow: seed % 2 ** 32, keyHigh: Math.floor(seed / 2 ** 32), purpose: hash(purpose) };
}

/** The stream of numbers for one (seed, purpose, step): draws are numbered, so order of use is all that matters. */
export class Random {
  #key: ReturnType<typeof streamKey>;
  #block: [number, number, number, number] = [0, 0, 0, 0];
  #drawn = 0;

  constructor(seed: number, purpose: string, readonly step = 0) {
    this.#key = streamKey(seed, purpose);
  }

  /** A uniform 32-bit unsigned integer. */
  uint32(): number {
    const lane = this.#drawn % 4;
    if (lane === 0) {
      const { keyLow, keyHigh, purpose } = this.#key;
      this.#block = philox([this.#drawn / 4, this.step, purpose, 0], [keyLow, keyHigh]);
    }
    this.#drawn++;
    return this.#block[lane];
  }

  /** Uniform in [0, 1), 53 random bits. */
  uniform(): number {
    return ((this.uint32() >>> 5) * 0x4000000 + (this.uint32() >>> 6)) / 2 ** 53;
  }

  /** Uniform integer in [0, bound). */
  integer(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** Standard normal, by Box and Muller's transform. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Gamma(shape, 1) for shape >= 1. Source: Marsaglia and Tsang, ACM TOMS 26(3), 2000. */
  gamma(shape: number): number {
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(1 - this.uniform()) < x * x / 2 + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  /** Beta(p, q) for p, q >= 1, as a ratio of two gammas. */
  beta(p: number, q: number): number {
    const a = this.gamma(p);
    return a / (a + this.gamma(q));
  }

  /** A uniformly random permutation of 0 … length−1 (Fisher and Yates). */
  permutation(length: number): Uint32Array {
    const order = Uint32Array.from({ length }, (_, i) => i);
    for (let i = length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }

  /** A random permutation of 0 … length−1 without fixed points (one cycle, Sattolo), so length must be 2 or more. */
  derangement(length: number): Uint32Array {
    const order = Uint32Array.from({ length }, (_, i) => i);
    for (let i = length - 1; i > 0; i--) {
      const j = this.integer(i);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}
