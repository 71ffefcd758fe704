/**
 * Cuts a box out of a picture and scales it, each axis by itself: where there are more source pixels than target pixels
 * every target pixel is the exact mean of the source area under it (nothing aliases), where there are fewer
 * it is the linear interpolation between the two nearest pixel centres, edges repeated. Values are taken as they are
 * stored (gamma-encoded), as is usual in the field; sums are kept in 64 bits and rounded once, at the end.
 */
import type { Box, Picture } from "./picture.ts";

/** For every target position: the first source position it takes from, and the weights from there on (sum 1). */
type Taps = { first: number; weights: number[] }[];

/** The taps that map `length` source pixels onto `size` target pixels. */
export function taps(length: number, size: number): Taps {
  const scale = length / size;
  return Array.from({ length: size }, (_, i) => scale >= 1 ? areaTaps(i * scale, scale, length) : linearTaps(i, scale));

  function linearTaps(i: number, scale: number) {
    const centre = Math.min(Math.max((i + 0.5) * scale - 0.5, 0), length - 1);
    const first = Math.min(Math.floor(centre), Math.max(length - 2, 0));
    const part = centre - first;
    return { first, weights: part === 0 ? [1] : [1 - part, part] };
  }
}

function areaTaps(from: number, scale: number, length: number): Taps[number] {
  const first = Math.min(Math.floor(from), length - 1);
  const end = Math.min(Math.max(Math.ceil(from + scale - 1e-9), first + 1), length);
  const covered = Array.from(
    { length: end - first },
    (_, k) => Math.min(first + k + 1, from + scale) - Math.max(first + k, from),
  );
  const total = covered.reduce((sum, part) => sum + part);
  return { first, weights: covered.map((part) => part / total) };
}

/** The part of `picture` inside `box` (which must lie inside it) as size×size RGB bytes [size, size, 3]. */
export function cropAndScale(picture: Picture, box: Box, size: number): Uint8Array {
  const [x0, y0, x1, y1] = box;
  const columns = taps(x1 - x0, size);
  const rows = taps(y1 - y0, size);

  const narrow = new Float64Array((y1 - y0) * size * 3); // scaled along x only: [box height, size, 3]
  let to = 0;
  for (let y = y0; y < y1; y++) {
    for (const { first, weights } of columns) {
      let from = (y * picture.width + x0 + first) * 3;
      let red = 0, green = 0, blue = 0;
      for (const weight of weights) {
        red += weight * picture.data[from++];
        green += weight * picture.data[from++];
        blue += weight * picture.data[from++];
      }
      narrow[to++] = red;
      narrow[to++] = green;
      narrow[to++] = blue;
    }
  }

  const out = new Uint8Array(size * size * 3);
  const rowLength = size * 3;
  rows.forEach(({ first, weights }, row) => {
    for (let i = 0; i < rowLength; i++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * narrow[(first + k) * rowLength + i];
      out[row * rowLength + i] = Math.min(255, Math.floor(sum + 0.5 + 1e-9));
    }
  });
  return out;
}
