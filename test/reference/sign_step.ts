/**
 * One step of the FGSM family (paper, eq. 3): x + step·sign(direction), clipped to original ± epsilon and then to
 * [0, 255]. All arrays have one shape; step and epsilon are in units of 0–255; sign(0) = 0.
 */
import { map, type NdArray } from "./array.ts";

export function signStep(x: NdArray, direction: NdArray, original: NdArray, step: number, epsilon: number): NdArray {
  return map(x, (value, i) => {
    const moved = value + step * Math.sign(direction.data[i]);
    const inBall = clip(moved, original.data[i] - epsilon, original.data[i] + epsilon);
    return clip(inBall, 0, 255);
  });
}

const clip = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
