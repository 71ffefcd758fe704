/**
 * One step of an attack in the L2 ball: x + step·direction, projected per image onto ‖· − original‖₂ ≤ epsilon, then
 * clipped to [0, 255]. All arrays have one shape [N, ...]; step and epsilon are lengths in units of 0–255.
 */
import { map, type NdArray } from "./array.ts";

export function l2Step(x: NdArray, direction: NdArray, original: NdArray, step: number, epsilon: number): NdArray {
  const images = x.shape[0];
  const values = x.data.length / images;
  const change = map(x, (value, i) => value + step * direction.data[i] - original.data[i]);
  const lengths = Array.from({ length: images }, (_, n) => {
    const image = change.data.subarray(n * values, (n + 1) * values);
    return Math.sqrt(image.reduce((sum, value) => sum + value * value, 0));
  });
  return map(change, (value, i) => {
    const length = lengths[Math.floor(i / values)];
    const inBall = original.data[i] + (length > epsilon ? value * epsilon / length : value);
    return Math.min(Math.max(inBall, 0), 255);
  });
}
