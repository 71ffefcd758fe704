/**
 * The array of the float64 reference: a shape and its values in row-major order. Images and activations are NHWC with
 * no channel padding; everything here is written to be read, not to be fast.
 */
import type { Random } from "../../src/random.ts";

export interface NdArray {
  shape: number[];
  data: Float64Array;
}

/** Anything comparable: a reference array, or the Float32Array an adapter gave back. */
export type Values = NdArray | ArrayLike<number>;

const valuesOf = (values: Values): ArrayLike<number> => "shape" in values ? values.data : values;

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

export function zeros(shape: readonly number[]): NdArray {
  return { shape: [...shape], data: new Float64Array(sizeOf(shape)) };
}

/** An array whose value at flat index i is f(i). */
export function fromFunction(shape: readonly number[], f: (i: number) => number): NdArray {
  const array = zeros(shape);
  for (let i = 0; i < array.data.length; i++) array.data[i] = f(i);
  return array;
}

/** A float64 copy of `values`, of any number type. */
export function fromValues(shape: readonly number[], values: ArrayLike<number>): NdArray {
  checkLength(values.length, sizeOf(shape));
  return { shape: [...shape], data: Float64Array.from(values) };
}

/** Independent standard normal values. */
export function randomNormal(shape: readonly number[], random: Random): NdArray {
  return fromFunction(shape, () => random.normal());
}

export function map(x: NdArray, f: (value: number, i: number) => number): NdArray {
  const y = zeros(x.shape);
  for (let i = 0; i < x.data.length; i++) y.data[i] = f(x.data[i], i);
  return y;
}

/** target += x, in place. */
export function addInto(target: NdArray, x: NdArray): void {
  checkLength(x.data.length, target.data.length);
  for (let i = 0; i < x.data.length; i++) target.data[i] += x.data[i];
}

/** Σ a·b: turns any output into a scalar whose gradient with respect to `a` is the upstream gradient `b`. */
export function dot(a: NdArray, b: NdArray): number {
  checkLength(a.data.length, b.data.length);
  return a.data.reduce((sum, value, i) => sum + value * b.data[i], 0);
}

/** ‖a − b‖₂ / ‖b‖₂: 0 when both are zero, infinite when only b is. NaN anywhere gives NaN, which no bound accepts. */
export function relativeError(actual: Values, expected: Values): number {
  const [a, b] = [valuesOf(actual), valuesOf(expected)];
  checkLength(a.length, b.length);
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < a.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    norm += b[i] ** 2;
  }
  return difference === 0 ? 0 : Math.sqrt(difference / norm);
}

/** max |a − b|; NaN anywhere gives NaN. */
export function maxError(actual: Values, expected: Values): number {
  const [a, b] = [valuesOf(actual), valuesOf(expected)];
  checkLength(a.length, b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

function checkLength(actual: number, expected: number): void {
  if (actual !== expected) throw new RangeError(`${actual} values where ${expected} were expected`);
}
