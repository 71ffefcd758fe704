/** Fig. 5: networks' loss around one image, as maps of one colour scale. */
import * as vega from "vega";
import type { Picture } from "../data/picture.ts";
import { type Html, markup } from "./markup.ts";
import { absent, figure, type Section } from "./page.ts";
import { dataUri, image } from "./pictures.ts";

/** What several networks make of the plane x + ε₁ · sign(∇ₓL₁) + ε₂ · sign(∇ₓL₂) through one image x. */
export interface SurfacesData {
  /** The unprotected network that gives the first direction. */
  reference: string;
  /** The class of the image, and the image. */
  label: string;
  original: Picture;
  /** ε₁ of each column and ε₂ of each row: evenly spaced, ascending, in 0–255 units. */
  first: number[];
  second: number[];
  panels: SurfacePanel[];
}

/** One network; [second, first], row by row. */
export interface SurfacePanel {
  name: string;
  /** Nats. */
  losses: number[];
  /** Whether the network gives the image's class there. */
  correct: boolean[];
}

/** Fig. 5 of the paper: the decision space around one image in two adversarial directions. */
export function surfacesSection(data: SurfacesData): Section {
  const { reference, label, original, panels } = data;
  const section = { id: "surfaces", title: "The decision space around an image" };
  if (panels.length === 0) return { ...section, body: absent("No network’s loss was looked at around an image.") };
  const highest = Math.max(...panels.flatMap(({ losses }) => losses));
  const body = figure(
    "Fig. 5.",
    markup`Loss (cross-entropy with the class <i>${label}</i>, in nats) around one image x, over the plane x* = x +
ε<sub>1</sub> · sign(∇<sub>x</sub>L<sub>1</sub>) + ε<sub>2</sub> · sign(∇<sub>x</sub>L<sub>2</sub>). To the right, x moves along
the gradient of an unprotected network (<i>${reference}</i>); upwards, along that of the network whose panel it is. Both signs are
taken once, at x. The ring is x itself and the cross the highest loss, at (ε<sub>1</sub>, ε<sub>2</sub>); white lines border the region in which the network
recognises the class. A colour stands for the same loss in every panel. The plane is shown as it is: its images are not clipped to the
0–255 of pictures.`,
    markup`<div class="chart">
<ul class="surfaces">
${panels.map((panel) => map(panel, data, highest))}</ul>
<div class="key"><div class="step">${
      image(original, `The image x, of class ${label}`, 64)
    }<span class="note">x, ${label}</span></div>
${scale(highest)}</div>
</div>`,
  );
  return { ...section, body };
}

/** Pixels of a panel's drawing: the plane's width, and the room for axes on its four sides. */
const WIDTH = 240;
const ROOM = { left: 46, right: 10, top: 6, bottom: 44 };

function map({ name, losses, correct }: SurfacePanel, { first, second }: SurfacesData, highest: number): Html {
  const count = first.length * second.length;
  if (losses.length !== count || correct.length !== count || !losses.every(Number.isFinite)) {
    throw new RangeError(`${name}: a surface needs ${count} finite losses and as many verdicts`);
  }
  const side = WIDTH / first.length;
  const height = side * second.length;
  const x = (column: number) => tenth(ROOM.left + side * column);
  const y = (row: number) => tenth(ROOM.top + height - side * row);
  const peak = losses.indexOf(Math.max(...losses));
  const [column, row] = [peak % first.length, Math.floor(peak / first.length)];
  const [low, high] = [loss(Math.min(...losses)), loss(losses[peak])];
  const [e1, e2] = [signed(first[column]), signed(second[row])];
  const described = `Map of the loss of ${name}: ${low} to ${high}, highest at ε₁ = ${e1}, ε₂ = ${e2}.`;
  return markup`<li><b>${name}</b><span class="note">loss ${low} to ${high}, highest at (${e1}, ${e2})</span>
<svg viewBox="0 0 ${ROOM.left + WIDTH + ROOM.right} ${
    tenth(ROOM.top + height + ROOM.bottom)
  }" role="img" aria-label="${described}">
<image href="${
    dataUri(picture(losses, first.length, highest))
  }" x="${ROOM.left}" y="${ROOM.top}" width="${WIDTH}" height="${tenth(height)}" preserveAspectRatio="none"/>
<path class="border" d="${border(correct, first.length, x, y)}"/>
<circle class="mark" cx="${x(placeOf(0, first))}" cy="${y(placeOf(0, second))}" r="5"/>
<path class="mark" d="M${x(column + 0.5)} ${y(row + 0.5)}m-4 -4l8 8m0 -8l-8 8"/>
<g text-anchor="middle">${
    ticks(first).map((e) => markup`<text x="${x(placeOf(e, first))}" y="${y(0) + 17}">${signed(e)}</text>`)
  }
<text class="title" x="${x(first.length / 2)}" y="${y(0) + 38}">ε₁ /255, unprotected network’s direction</text></g>
<g text-anchor="end">${
    ticks(second).map((e) => markup`<text x="${ROOM.left - 7}" y="${y(placeOf(e, second)) + 4}">${signed(e)}</text>`)
  }</g>
<text class="title" text-anchor="middle" transform="translate(11 ${
    y(second.length / 2)
  }) rotate(-90)">ε₂ /255, own direction</text>
</svg></li>
`;
}

/** Where a value lies along an axis, in cells: each stands in the middle of its own. */
function placeOf(value: number, axis: readonly number[]): number {
  return (value - axis[0]) / (axis[axis.length - 1] - axis[0]) * (axis.length - 1) + 0.5;
}

/** Multiples of a power of two, as ε usually is one: up to seven within the axis. */
function ticks(axis: readonly number[]): number[] {
  const [low, high] = [axis[0], axis[axis.length - 1]];
  const every = 2 ** Math.ceil(Math.log2((high - low) / 6));
  const from = Math.ceil(low / every);
  return Array.from({ length: Math.floor(high / every) - from + 1 }, (_, i) => (from + i) * every);
}

/** A pixel per point; the first row of points lies at the bottom. */
function picture(losses: readonly number[], width: number, highest: number): Picture {
  const height = losses.length / width;
  const rows = Array.from({ length: height }, (_, row) => losses.slice(row * width, (row + 1) * width));
  const data = rows.reverse().flat().flatMap((loss) => colour(highest > 0 ? loss / highest : 0));
  return { width, height, data: Uint8Array.from(data) };
}

const viridis = vega.scheme("viridis") as unknown as (share: number) => string;

/** RGB for a share of the highest loss: perceptually uniform, and legible in grey and to colour-blind readers. */
function colour(share: number): number[] {
  return viridis(share).match(/\d+/g)!.map(Number);
}

/** The edges between neighbours of which the network recognises one only, as an SVG path. */
function border(
  correct: readonly boolean[],
  columns: number,
  x: (column: number) => number,
  y: (row: number) => number,
): string {
  return correct.map((own, i) => {
    const [column, row] = [i % columns, Math.floor(i / columns)];
    const right = column + 1 < columns && correct[i + 1] !== own;
    const above = i + columns < correct.length && correct[i + columns] !== own;
    return (right ? `M${x(column + 1)} ${y(row)}V${y(row + 1)}` : "") +
      (above ? `M${x(column)} ${y(row + 1)}H${x(column + 1)}` : "");
  }).join("");
}

/** The colour scale with the losses it stands for. */
function scale(highest: number): Html {
  const shares = [0, 0.25, 0.5, 0.75, 1];
  const stops = Array.from({ length: 17 }, (_, i) => `rgb(${colour(i / 16)})`);
  return markup`<div class="scale"><span class="ramp" style="background: linear-gradient(to right, ${
    stops.join(", ")
  })"></span>
<ol>${shares.map((share) => markup`<li>${loss(share * highest)}</li>`)}</ol>
<span class="note">loss, nats</span></div>`;
}

function loss(value: number): string {
  return value.toPrecision(2);
}

function signed(value: number): string {
  return String(value).replace("-", "−");
}

function tenth(pixels: number): number {
  return Math.round(10 * pixels) / 10;
}
