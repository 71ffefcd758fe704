/**
 * What each kernel is to compute, written as its formula in float64, one value at a time: slow for a whole tensor, but a
 * benchmark at full size needs only a sample. The tests hold every formula against the kernels, value for value, at
 * small shapes, and those against the float64 reference of whole operations.
 */
import type { Random } from "../../random.ts";

/** Parameters and overrides of a kernel call, by name. */
export type Sizes = Record<string, number>;

/** What each binding holds before the kernel runs. */
export type Values = Record<string, ArrayLike<number>>;

export interface Definition {
  /** Draws an input's values where standard normal ones make no sense. */
  inputs?: Record<string, (random: Random, sizes: Sizes, index: number) => number>;
  /** For each binding the kernel writes, its value at a flat index. */
  outputs: Record<string, (index: number, values: Values, sizes: Sizes) => number>;
}

/** The coordinates of a flat index in a row-major array. */
export function coordinates(index: number, shape: readonly number[]): number[] {
  const place: number[] = new Array(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place[axis] = index % shape[axis];
    index = Math.floor(index / shape[axis]);
  }
  return place;
}

/** Σ of term(i) for i from `from` up to `to` (exclusive). */
export function sum(from: number, to: number, term: (i: number) => number): number {
  let total = 0;
  for (let i = from; i < to; i++) total += term(i);
  return total;
}

/** Draws for inputs. */
export const uniform = (random: Random) => random.uniform();
export const positive = (random: Random) => 0.1 + Math.abs(random.normal());
export const whole = (below: (sizes: Sizes) => number) => (random: Random, sizes: Sizes) =>
  random.integer(below(sizes));
