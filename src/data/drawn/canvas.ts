/** A canvas of real-valued RGB to draw on, and the noise that gives surfaces their grain. */

export type Colour = [red: number, green: number, blue: number];

/** The part of a pixel a shape covers, 0 … 1, or less than 0 for none; x and y are pixel centres. */
type Coverage = (x: number, y: number) => number;

export interface Canvas {
  width: number;
  height: number;
  /** [height, width, 3], nominally 0–255. */
  data: Float64Array;
}

/** Blends a surface onto the canvas, within `radius` of a centre, as far as it covers each pixel. */
export function paint(
  canvas: Canvas,
  [centreX, centreY]: [number, number],
  radius: number,
  coverage: Coverage,
  surface: (x: number, y: number) => Colour,
): void {
  const { width, height, data } = canvas;
  const [left, right] = [Math.max(0, Math.floor(centreX - radius)), Math.min(width, Math.ceil(centreX + radius))];
  const [top, bottom] = [Math.max(0, Math.floor(centreY - radius)), Math.min(height, Math.ceil(centreY + radius))];
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const part = Math.min(coverage(x + 0.5, y + 0.5), 1);
      if (part <= 0) continue;
      const colour = surface(x + 0.5, y + 0.5);
      const at = (y * width + x) * 3;
      for (let channel = 0; channel < 3; channel++) {
        data[at + channel] += part * (colour[channel] - data[at + channel]);
      }
    }
  }
}

const mix = (a: number, b: number, t: number): number => a + (b - a) * t;

/** a + (b − a)·t + `shade` per channel. */
export const blend = (a: Colour, b: Colour, t: number, shade = 0): Colour => [
  mix(a[0], b[0], t) + shade,
  mix(a[1], b[1], t) + shade,
  mix(a[2], b[2], t) + shade,
];

/** A hash of a lattice point to [0, 1): a pure function, since one draw per pixel would cost Random too long. */
function lattice(x: number, y: number, seed: number): number {
  let value = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ seed;
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  value = Math.imul(value ^ (value >>> 12), 0x297a2d39);
  return ((value ^ (value >>> 15)) >>> 0) / 2 ** 32;
}

/** Smooth noise in [0, 1) with features of about `scale` pixels. */
export function smoothNoise(x: number, y: number, scale: number, seed: number): number {
  const i = Math.floor(x / scale);
  const j = Math.floor(y / scale);
  const s = smooth(x / scale - i);
  const t = smooth(y / scale - j);
  const above = mix(lattice(i, j, seed), lattice(i + 1, j, seed), s);
  const below = mix(lattice(i, j + 1, seed), lattice(i + 1, j + 1, seed), s);
  return mix(above, below, t);
}

const smooth = (t: number): number => t * t * (3 - 2 * t);

/**
 * Adds grain to the brightness of every pixel (triangular, of standard deviation `sigma`) and rounds to RGBA bytes,
 * opaque.
 */
export function develop({ width, height, data }: Canvas, sigma: number, seed: number): Uint8Array {
  const rgba = new Uint8Array(width * height * 4).fill(255);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const unit = lattice(pixel, 0, seed) + lattice(pixel, 1, seed) - 1; // variance 1/6
    const grain = unit * sigma * Math.sqrt(6);
    for (let channel = 0; channel < 3; channel++) {
      const value = data[pixel * 3 + channel] + grain;
      rgba[pixel * 4 + channel] = Math.min(255, Math.max(0, Math.round(value)));
    }
  }
  return rgba;
}
