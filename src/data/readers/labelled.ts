/** What the readers of published sets share: many images in one file, a label for each, a split made by the authors. */
import { UserError } from "../../errors.ts";
import type { Split } from "../pack.ts";
import type { Picture } from "../picture.ts";
import type { Source } from "./source.ts";

/** The images of one file. */
export interface Labelled {
  /** Relative to the root; image i is called `file#i`, counted from 0. */
  file: string;
  split: Split;
  /** One for each image, [count]. */
  labels: Uint8Array;
  picture: (index: number) => Picture;
}

/** A label as a class id: its number with leading zeros, so that ids sort as the labels of all `classes` classes do. */
export const labelId = (label: number, classes: number): string =>
  String(label).padStart(String(classes - 1).length, "0");

/** Every image as a source whose whole area is the object. */
export function sourcesOf({ file, split, labels, picture }: Labelled, classes: number): Source[] {
  return Array.from(labels, (label, index) => {
    const image = `${file}#${index}`;
    return { image, photograph: image, content: { class: labelId(label, classes) }, picture: picture(index), split };
  });
}

/** Grey bytes as RGB, interleaved. */
export function greyToRgb(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(grey.length * 3);
  for (let i = 0; i < rgb.length; i++) rgb[i] = grey[Math.floor(i / 3)];
  return rgb;
}

/** A red, a green and a blue plane, one after the other, as RGB, interleaved. */
export function planesToRgb(planes: Uint8Array): Uint8Array {
  const area = planes.length / 3;
  const rgb = new Uint8Array(planes.length);
  for (let i = 0; i < rgb.length; i++) rgb[i] = planes[(i % 3) * area + Math.floor(i / 3)];
  return rgb;
}

/** The first of `names` that is in the folder. @throws UserError when none is. */
export async function firstOf(folder: string, names: readonly string[]): Promise<string> {
  for (const name of names) {
    if (await Deno.stat(`${folder}/${name}`).then(() => true, () => false)) return name;
  }
  throw new UserError(
    `${folder} has neither ${names.join(" nor ")} (with --download, the published files are fetched).`,
  );
}
