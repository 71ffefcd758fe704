/**
 * The ten classes of the embedded set: each a signed distance (negative inside, roughly exact near the edge) on the
 * plane where the shape fills about the unit disc; y points down.
 */

export type Shape = (x: number, y: number) => number;

const { abs, atan2, cos, hypot, max, min, PI, sin } = Math;

/** The angle from the axis of the nearest of `n` equal sectors (the first points up), 0 … π/n. */
function fold(x: number, y: number, n: number): number {
  const sector = 2 * PI / n;
  const angle = atan2(x, -y);
  return abs(angle - sector * Math.round(angle / sector));
}

/** A regular polygon with `n` corners on the unit circle, one of them at the top. */
function polygon(n: number): Shape {
  const half = PI / n;
  return (x, y) => hypot(x, y) * cos(fold(x, y, n) - half) - cos(half);
}

/** A star with five points on the unit circle and its inner corners at radius 0.5. */
const star: Shape = (x, y) => {
  const edgeX = 0.5 * cos(PI / 5) - 1; // from a point of the star, at (1, 0), to the inner corner beside it
  const edgeY = 0.5 * sin(PI / 5);
  const radius = hypot(x, y);
  const angle = fold(x, y, 5);
  return ((radius * cos(angle) - 1) * edgeY - radius * sin(angle) * edgeX) / hypot(edgeX, edgeY);
};

const bar = (x: number, y: number, halfWidth: number, halfHeight: number): number =>
  max(abs(x) - halfWidth, abs(y) - halfHeight);

const cross: Shape = (x, y) => min(bar(x, y, 0.95, 0.36), bar(x, y, 0.36, 0.95));

const disc: Shape = (x, y) => hypot(x, y) - 0.95;

const ring: Shape = (x, y) => abs(hypot(x, y) - 0.68) - 0.27;

const crescent: Shape = (x, y) => max(hypot(x, y) - 0.98, 0.72 - hypot(x - 0.5, y));

/** A square on its corner with a disc on each of its upper sides. */
const heart: Shape = (x, y) => {
  const u = (x + y - 0.1) * Math.SQRT1_2;
  const v = (y - x - 0.1) * Math.SQRT1_2;
  const side = 0.54;
  return min(bar(u, v, side, side), hypot(u, v + side) - side, hypot(u + side, v) - side);
};

/** A disc below and the cone that touches it, its tip at the top. */
const drop: Shape = (x, y) => {
  const radius = 0.62;
  const centre = 0.36;
  const tip = -1;
  const sine = radius / (centre - tip);
  const cosine = Math.sqrt(1 - sine * sine);
  const cone = max(abs(x) * cosine - (y - tip) * sine, y - (centre - radius * sine));
  return min(hypot(x, y - centre) - radius, cone);
};

/** By class id, in the order of the ids. */
export const SHAPES: Record<string, Shape> = {
  crescent,
  cross,
  disc,
  drop,
  heart,
  hexagon: polygon(6),
  pentagon: polygon(5),
  ring,
  square: polygon(4),
  star,
};

export const CLASSES = Object.keys(SHAPES);
