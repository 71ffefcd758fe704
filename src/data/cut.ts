/** One photograph becomes crops: read, decode, turn upright, find its boxes, cut each out and scale it. */
import { createHash } from "node:crypto";
import { type AnnotatedObject, parseAnnotation } from "./annotation.ts";
import { decodeJpeg, type Photograph } from "./jpeg.ts";
import type { Refusal } from "./pack.ts";
import { type Box, orientBox, type Picture } from "./picture.ts";
import type { Corners, Source } from "./readers/source.ts";
import { cropAndScale } from "./resize.ts";

export interface CutSettings {
  /** Side of the square crops, pixels. */
  size: number;
  /** Boxes with a shorter side, pixels, are refused. */
  minSide: number;
}

/** The crops of one photograph: `pixels` has size·size·3 bytes for each of `crops`, in that order. */
export interface Cut {
  crops: { object: number; class: string; box: Box }[];
  pixels: Uint8Array<ArrayBuffer>;
  refusals: Refusal[];
  /** Of the image's bytes, so that copies of a photograph are recognised. Empty when it could not be read. */
  sha256: string;
}

/** An object to cut out: `refuse` says why not. */
type Located = { class: string; box: Box } | { reason: string; detail?: string };

/** Cuts up the photograph `source` below `root`. Whatever is wrong with it becomes a refusal, never an error. */
export async function cutPhotograph(root: string, source: Source, settings: CutSettings): Promise<Cut> {
  const cut: Cut = { crops: [], pixels: new Uint8Array(0), refusals: [], sha256: "" };
  let file = source.image, reason = "broken image";
  let photograph: Photograph, located: Located[];
  try {
    const bytes = source.picture?.data ?? await Deno.readFile(`${root}/${file}`);
    cut.sha256 = createHash("sha256").update(bytes).digest("hex");
    photograph = source.picture ? asStored(source.picture) : decodeJpeg(bytes);
    if ("annotation" in source.content) [file, reason] = [source.content.annotation, "broken annotation"];
    located = await locateAll(root, source, photograph, settings.minSide);
  } catch (error) {
    cut.refusals.push({ file, reason, detail: error instanceof Error ? error.message : String(error) });
    return cut;
  }
  if (located.length === 0) cut.refusals.push({ file, reason: "no objects" });
  cutAll(cut, file, located, photograph, settings.size);
  return cut;
}

function asStored(picture: Picture): Photograph {
  return { picture, stored: { width: picture.width, height: picture.height, orientation: 1 } };
}

/** The objects of a photograph. @throws Error saying what is wrong when the annotation as a whole cannot be used. */
async function locateAll(root: string, source: Source, photograph: Photograph, minSide: number): Promise<Located[]> {
  const { width, height } = photograph.picture;
  if ("class" in source.content) return [admit(source.content.class, [0, 0, width, height], photograph, minSide)];
  const { annotation, corners } = source.content;
  const { size = { width, height }, objects } = parseAnnotation(await Deno.readTextFile(`${root}/${annotation}`));
  const upright = size.width === width && size.height === height;
  if (!upright && !(size.width === photograph.stored.width && size.height === photograph.stored.height)) {
    throw new Error(`it is for ${size.width}×${size.height} pixels, but the image has ${width}×${height}`);
  }
  return objects.map((object) => locate(object, corners, photograph, upright, minSide));
}

/** The object's box on the upright picture, or why it cannot be used. */
function locate(
  object: AnnotatedObject,
  corners: Corners,
  photograph: Photograph,
  upright: boolean,
  minSide: number,
): Located {
  if (object.class === undefined) return { reason: "broken annotation", detail: "an <object> without a <name>" };
  if (!object.corners) return { reason: "broken annotation", detail: "a <bndbox> without four numbers" };
  const { xmin, ymin, xmax, ymax } = object.corners;
  if (xmax <= xmin || ymax <= ymin) return { reason: "zero-area box", detail: `${[xmin, ymin, xmax, ymax]}` };
  const [low, high] = corners === "det" ? [0, 1] : [-1, 0];
  const box: Box = [xmin + low, ymin + low, xmax + high, ymax + high];
  const { width, height, orientation } = photograph.stored;
  return admit(object.class, upright ? box : orientBox(box, width, height, orientation), photograph, minSide);
}

/** Rounds the box to pixels, clips it to the picture and checks what is left. */
function admit(name: string, box: Box, { picture: { width, height } }: Photograph, minSide: number): Located {
  const [x0, y0, x1, y1] = box.map(Math.round);
  const clipped: Box = [Math.max(x0, 0), Math.max(y0, 0), Math.min(x1, width), Math.min(y1, height)];
  const sides = [clipped[2] - clipped[0], clipped[3] - clipped[1]];
  if (x0 >= width || y0 >= height || x1 <= 0 || y1 <= 0) {
    return { reason: "box outside the image", detail: `${box} on ${width}×${height} pixels` };
  }
  if (Math.min(...sides) < minSide) return { reason: "box too small", detail: `${sides.join("×")} pixels` };
  return { class: name, box: clipped };
}

/** Cuts out and scales what was located in `file`, adding crops and refusals to `cut`. */
function cutAll(cut: Cut, file: string, located: Located[], { picture }: Photograph, size: number): void {
  const pixels: Uint8Array[] = [];
  located.forEach((found, object) => {
    if ("reason" in found) {
      cut.refusals.push({ file, object: object + 1, ...found });
    } else {
      cut.crops.push({ object, ...found });
      pixels.push(cropAndScale(picture, found.box, size));
    }
  });
  cut.pixels = new Uint8Array(pixels.length * size * size * 3);
  pixels.forEach((crop, index) => cut.pixels.set(crop, index * crop.length));
}
