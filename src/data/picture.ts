/** Pictures in memory, the eight ways a camera may have been held, and boxes on them. */

/** RGB bytes, interleaved, rows from the top: `data` has width·height·3 elements. */
export interface Picture {
  width: number;
  height: number;
  data: Uint8Array;
}

/** Half-open pixel box [x0, y0, x1, y1]. */
export type Box = [number, number, number, number];

/**
 * The EXIF orientations 1–8: does the stored grid have to be transposed, and are the stored columns (`flipX`) and rows
 * (`flipY`) then counted from the other end? Source: EXIF 2.32, tag 0x0112.
 */
const ORIENTATIONS: Record<number, { transpose: boolean; flipX: boolean; flipY: boolean }> = {
  1: { transpose: false, flipX: false, flipY: false },
  2: { transpose: false, flipX: true, flipY: false },
  3: { transpose: false, flipX: true, flipY: true },
  4: { transpose: false, flipX: false, flipY: true },
  5: { transpose: true, flipX: false, flipY: false },
  6: { transpose: true, flipX: false, flipY: true },
  7: { transpose: true, flipX: true, flipY: true },
  8: { transpose: true, flipX: true, flipY: false },
};

/** The stored picture as a person should see it. An orientation outside 1–8 counts as upright. */
export function orient(stored: Picture, orientation: number): Picture {
  const { transpose, flipX, flipY } = ORIENTATIONS[orientation] ?? ORIENTATIONS[1];
  if (!transpose && !flipX && !flipY) return stored;
  const [width, height] = transpose ? [stored.height, stored.width] : [stored.width, stored.height];
  const data = new Uint8Array(stored.data.length);
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [column, row] = transpose ? [y, x] : [x, y];
      const sourceX = flipX ? stored.width - 1 - column : column;
      const sourceY = flipY ? stored.height - 1 - row : row;
      const from = (sourceY * stored.width + sourceX) * 3;
      data[to++] = stored.data[from];
      data[to++] = stored.data[from + 1];
      data[to++] = stored.data[from + 2];
    }
  }
  return { width, height, data };
}

/** A box on the stored grid (of that width and height) as a box on the picture {@link orient} makes of it. */
export function orientBox(box: Box, width: number, height: number, orientation: number): Box {
  const { transpose, flipX, flipY } = ORIENTATIONS[orientation] ?? ORIENTATIONS[1];
  const [x0, x1] = flipX ? [width - box[2], width - box[0]] : [box[0], box[2]];
  const [y0, y1] = flipY ? [height - box[3], height - box[1]] : [box[1], box[3]];
  return transpose ? [y0, x0, y1, x1] : [x0, y0, x1, y1];
}
