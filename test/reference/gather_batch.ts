/** Gathers a batch of stored images: pick, mirror, shift. */
import { fromFunction, type NdArray } from "./array.ts";

/** For each image of the batch: which stored image, whether it is mirrored, and its shift in pixels. */
export interface BatchDraw {
  index: number;
  flip: boolean;
  dx: number;
  dy: number;
}

/**
 * images U8 [M, size, size, 3] → [N, size, size, 3], values 0–255. Output pixel (y, x) shows pixel (y − dy, x − dx) of
 * the stored image, which is mirrored left to right first if `flip`; outside it, the nearest edge pixel.
 */
export function gatherBatch(images: Uint8Array, size: number, draws: BatchDraw[]): NdArray {
  const inside = (position: number) => Math.min(Math.max(position, 0), size - 1);
  return fromFunction([draws.length, size, size, 3], (i) => {
    const channel = i % 3;
    const x = Math.floor(i / 3) % size;
    const y = Math.floor(i / (3 * size)) % size;
    const { index, flip, dx, dy } = draws[Math.floor(i / (3 * size * size))];
    const row = inside(y - dy);
    const column = inside(x - dx);
    const stored = flip ? size - 1 - column : column;
    return images[((index * size + row) * size + stored) * 3 + channel];
  });
}
