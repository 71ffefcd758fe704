/** Rounding adversaries to bytes without leaving the ball. */

export const norms = ["linf", "l2"] as const;
export type Norm = typeof norms[number];

/**
 * Whole values as near as they can be inside the ε-ball around each original; the padding channel is dropped.
 *
 * @param x0 originals, whole values, and `x` their adversaries, both `images` × height × width × 4
 * @returns bytes, `images` × height × width × 3
 */
export function toBytes(x0: Float32Array, x: Float32Array, images: number, norm: Norm, epsilon: number): Uint8Array {
  const [centre, exact] = [withoutPadding(x0), withoutPadding(x)];
  const bytes = new Uint8Array(exact.length);
  const reach = norm === "linf" ? epsilon : Infinity;
  // A plain loop: this stands between one batch and the next, and array methods take twenty times as long.
  for (let i = 0; i < bytes.length; i++) {
    const [low, high] = [Math.ceil(centre[i] - reach), Math.floor(centre[i] + reach)];
    bytes[i] = Math.min(Math.max(Math.round(exact[i]), low), high);
  }
  if (norm === "linf") return bytes;
  const each = bytes.length / images;
  for (let n = 0; n < images; n++) {
    const part = <T extends Uint8Array | Float32Array>(values: T) => values.subarray(n * each, (n + 1) * each) as T;
    bringBack(part(bytes), part(centre), part(exact), epsilon);
  }
  return bytes;
}

/** Of four channels the first three. */
function withoutPadding(values: Float32Array): Float32Array {
  const real = new Float32Array(values.length / 4 * 3);
  for (let i = 0; i < real.length; i++) real[i] = values[Math.floor(i / 3) * 4 + i % 3];
  return real;
}

/** Moves values one nearer to the original, those first that rounding took furthest out, until the image is in the ball. */
function bringBack(bytes: Uint8Array, centre: Float32Array, exact: Float32Array, epsilon: number): void {
  const change = (i: number) => Math.abs(bytes[i] - centre[i]);
  let square = centre.reduce((sum, _, i) => sum + change(i) ** 2, 0);
  if (square <= epsilon ** 2) return;
  const outward = Float64Array.from(exact, (value, i) => change(i) - Math.abs(value - centre[i]));
  const order = [...bytes.keys()].filter((i) => change(i) > 0).sort((a, b) => outward[b] - outward[a]);
  for (const i of order) {
    if (square <= epsilon ** 2) return;
    square += (change(i) - 1) ** 2 - change(i) ** 2;
    bytes[i] += Math.sign(centre[i] - bytes[i]);
  }
}
