/** One drawn photograph: a cluttered background, objects in cells of a grid, things in front of them, light and grain. */
import { Random } from "../../random.ts";
import { blend, type Canvas, type Colour, develop, paint, smoothNoise } from "./canvas.ts";
import { type Shape, SHAPES } from "./shapes.ts";

export const WIDTH = 192;
export const HEIGHT = 128;
const COLUMNS = 3;
const ROWS = 2;

/** How hard the set is: tuned so that a VGG13 of quarter width, at 32×32, has 65–82 % right (chance 10 %). */
const CLUTTER = 22;
const CONTRAST: [number, number] = [34, 110];
const SQUASH = 0.62;
const GRAIN: [number, number] = [6, 16];
const OCCLUSION = 0.5;

/** An object with its tight box: first and last pixel, counted from 0. */
export interface Drawn {
  class: string;
  xmin: number;
  ymin: number;
  xmax: number;
  ymax: number;
}

/** Draws objects of the given classes (at most six); the scene is a pure function of seed and index. */
export function drawScene(classes: string[], seed: number, index: number): { rgba: Uint8Array; objects: Drawn[] } {
  const random = new Random(seed, "draw photograph", index);
  const canvas = { width: WIDTH, height: HEIGHT, data: new Float64Array(WIDTH * HEIGHT * 3) };
  const ground = drawGround(canvas, random);
  for (let i = 0; i < CLUTTER; i++) drawClutter(canvas, random, ground, anywhere(random), between(random, 4, 26));
  const cells = random.permutation(COLUMNS * ROWS);
  const objects = classes.map((id, i) => drawObject(canvas, random, ground, id, cells[i]));
  for (const object of objects) if (random.uniform() < OCCLUSION) occlude(canvas, random, ground, object);
  light(canvas, random);
  return { rgba: develop(canvas, between(random, ...GRAIN), random.uint32()), objects };
}

const between = (random: Random, low: number, high: number): number => low + (high - low) * random.uniform();
const anywhere = (random: Random): [number, number] => [random.uniform() * WIDTH, random.uniform() * HEIGHT];
const anyColour = (random: Random): Colour => [0, 0, 0].map(() => between(random, 20, 235)) as Colour;

/** A colour at a distance from another, in a random direction of colour space (turned back where it would leave it). */
function colourNear(random: Random, colour: Colour, distance: number): Colour {
  const direction = [random.normal(), random.normal(), random.normal()];
  const scale = distance / Math.hypot(...direction);
  return colour.map((value, i) => {
    const moved = value + direction[i] * scale;
    return moved < 5 || moved > 250 ? value - direction[i] * scale : moved;
  }) as Colour;
}

/** Fills the canvas with a blotchy gradient between two colours; returns their mean. */
function drawGround(canvas: Canvas, random: Random): Colour {
  const first = anyColour(random);
  const second = colourNear(random, first, between(random, 20, 90));
  const [coarse, fine] = [random.uint32(), random.uint32()];
  const tilt = between(random, 0, 2 * Math.PI);
  const roughness = between(random, 10, 40);
  paint(canvas, [WIDTH / 2, HEIGHT / 2], WIDTH, () => 1, (x, y) => {
    const slope = (x / WIDTH - 0.5) * Math.cos(tilt) + (y / HEIGHT - 0.5) * Math.sin(tilt);
    const t = 0.5 + slope + smoothNoise(x, y, 34, coarse) - 0.5;
    const bump = (smoothNoise(x, y, 5, fine) - 0.5) * roughness;
    return blend(first, second, t, bump);
  });
  return blend(first, second, 0.5);
}

/** A piece of no class: an ellipse, a strip or an irregular triangle. */
function drawClutter(canvas: Canvas, random: Random, ground: Colour, centre: [number, number], radius: number): void {
  const angle = between(random, 0, 2 * Math.PI);
  const flat = between(random, 0.12, 0.7);
  const [a, b, c] = [0, 1, 2].map((side) => edge(side * 2.1 + between(random, -0.4, 0.4)));
  const outlines: Shape[] = [
    (x, y) => (Math.hypot(x, y / flat) - 1) * flat,
    (x, y) => Math.max(Math.abs(x) - 1, Math.abs(y) - flat / 3),
    (x, y) => Math.max(a(x, y), b(x, y), c(x, y)),
  ];
  const outline = outlines[random.integer(outlines.length)];
  const surface = makeSurface(random, colourNear(random, ground, between(random, 15, 90)), radius);
  paint(canvas, centre, radius * 1.5, place(outline, centre, radius, angle, 1), surface);
}

/** The half-plane whose edge is 0.45 from the origin, in that direction. */
function edge(angle: number): Shape {
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  return (x, y) => x * cosine + y * sine - 0.45;
}

/** The coverage of a shape of that radius (pixels), turned and squashed along its own y axis. */
function place(shape: Shape, [centreX, centreY]: [number, number], radius: number, angle: number, squash: number) {
  const [c, s] = [Math.cos(angle) / radius, Math.sin(angle) / radius];
  return (x: number, y: number): number => {
    const dx = x - centreX;
    const dy = y - centreY;
    return 0.5 - shape(dx * c + dy * s, (dy * c - dx * s) / squash) * radius * squash;
  };
}

/** A surface of two colours in plain, striped, chequered or blotchy finish, with a soft shade across it. */
function makeSurface(random: Random, colour: Colour, radius: number): (x: number, y: number) => Colour {
  const other = colourNear(random, colour, between(random, 0, 70));
  const [period, angle, shade] = [between(random, 3, radius + 3), between(random, 0, 7), between(random, -30, 30)];
  const [c, s, seed, finish] = [Math.cos(angle), Math.sin(angle), random.uint32(), random.integer(4)];
  const wave = (t: number) => Math.sin(t * 2 * Math.PI / period);
  const pattern = [
    () => 0,
    (u: number) => 0.5 + 0.5 * wave(u),
    (u: number, v: number) => wave(u) * wave(v) > 0 ? 1 : 0,
    (u: number, v: number) => smoothNoise(u, v, period, seed),
  ][finish];
  return (x, y) => {
    const u = x * c + y * s;
    const v = y * c - x * s;
    return blend(colour, other, pattern(u, v), shade * Math.sin(u / (radius + 1)));
  };
}

function drawObject(canvas: Canvas, random: Random, ground: Colour, id: string, cell: number): Drawn {
  const [cellWidth, cellHeight] = [WIDTH / COLUMNS, HEIGHT / ROWS];
  const radius = between(random, 14, 29);
  const centre: [number, number] = [
    (cell % COLUMNS) * cellWidth + between(random, radius, cellWidth - radius),
    Math.floor(cell / COLUMNS) * cellHeight + between(random, radius, cellHeight - radius),
  ];
  const coverage = place(SHAPES[id], centre, radius, between(random, 0, 2 * Math.PI), between(random, SQUASH, 1));
  const surface = makeSurface(random, colourNear(random, ground, between(random, ...CONTRAST)), radius);
  paint(canvas, [centre[0] + 2, centre[1] + 3], radius + 2, (x, y) => coverage(x - 2, y - 3) * 0.35, () => [0, 0, 0]);
  const object = { class: id, xmin: WIDTH, ymin: HEIGHT, xmax: 0, ymax: 0 };
  paint(canvas, centre, radius + 2, (x, y) => {
    const part = coverage(x, y);
    if (part >= 0.5) {
      object.xmin = Math.min(object.xmin, Math.floor(x));
      object.xmax = Math.max(object.xmax, Math.floor(x));
      object.ymin = Math.min(object.ymin, Math.floor(y));
      object.ymax = Math.max(object.ymax, Math.floor(y));
    }
    return part;
  }, surface);
  return object;
}

/** Puts a few small things in front of an object, near its edge where its shape shows. */
function occlude(canvas: Canvas, random: Random, ground: Colour, { xmin, ymin, xmax, ymax }: Drawn): void {
  const half = Math.min(xmax - xmin, ymax - ymin) / 2;
  for (let i = 1 + random.integer(2); i > 0; i--) {
    const angle = between(random, 0, 2 * Math.PI);
    const centre: [number, number] = [
      (xmin + xmax) / 2 + Math.cos(angle) * half * 0.8,
      (ymin + ymax) / 2 + Math.sin(angle) * half * 0.8,
    ];
    drawClutter(canvas, random, ground, centre, half * between(random, 0.4, 0.8));
  }
}

/** One side of the scene is brighter than the other. */
function light({ data }: Canvas, random: Random): void {
  const [slopeX, slopeY] = [between(random, -0.3, 0.3), between(random, -0.3, 0.3)];
  const level = between(random, 0.75, 1.1);
  for (let y = 0, i = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const gain = level + slopeX * (x / WIDTH - 0.5) + slopeY * (y / HEIGHT - 0.5);
      for (let channel = 0; channel < 3; channel++) data[i++] *= gain;
    }
  }
}
