/** Small photographs and the folders they lie in, made for one test and removed after it. */
import { Buffer } from "node:buffer";
import { encode } from "jpeg-js";
import type { PrepareOptions } from "../../src/data/prepare.ts";

/** Runs `body` with a folder of its own. */
export async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "superpose-test-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

export type Paint = (x: number, y: number) => [red: number, green: number, blue: number];

/** A JPEG of almost no loss. */
export function jpeg(width: number, height: number, paint: Paint): Uint8Array {
  const data = Buffer.alloc(width * height * 4, 255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set(paint(x, y), (y * width + x) * 4);
  }
  return new Uint8Array(encode({ width, height, data }, 98).data);
}

/** The JPEG with an EXIF segment that says how the camera was held, 1–8 (TIFF header, one directory, one tag). */
export function withOrientation(bytes: Uint8Array, orientation: number): Uint8Array {
  const tiff = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0];
  const body = [...new TextEncoder().encode("Exif"), 0, 0, ...tiff];
  return new Uint8Array([0xff, 0xd8, 0xff, 0xe1, 0, body.length + 2, ...body, ...bytes.subarray(2)]);
}

/** Writes a file, its folders included. */
export async function put(path: string, content: string | Uint8Array): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  if (typeof content === "string") await Deno.writeTextFile(path, content);
  else await Deno.writeFile(path, content);
}

export type Corner = number | string;

/** A VOC annotation; each object is [class, xmin, ymin, xmax, ymax]. */
export function xml(objects: [string, Corner, Corner, Corner, Corner][], { filename = "x", size = "" } = {}): string {
  const parts = objects.map(([id, xmin, ymin, xmax, ymax]) =>
    `<object><name>${id}</name><bndbox><ymax>${ymax}</ymax><xmin>${xmin}</xmin><xmax>${xmax}</xmax>` +
    `<ymin>${ymin}</ymin></bndbox></object>`
  );
  return `<annotation><filename>${filename}</filename>${size}${parts.join("")}</annotation>`;
}

export const DET = "ILSVRC/Annotations/DET/train/ILSVRC2014_train_0000";
export const DET_DATA = "ILSVRC/Data/DET/train/ILSVRC2014_train_0000";

/** A DET tree of `count` photographs, 24×24, each with a red object "a" (left half) and a blue "b" (right half). */
export async function putDetTree(root: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const photograph = jpeg(24, 24, (x, y) => [x < 12 ? 200 : 20, i * 5 + y, x < 12 ? 20 : 200]);
    await put(`${root}/${DET_DATA}/p${i}.JPEG`, photograph);
    await put(`${root}/${DET}/p${i}.xml`, xml([["a", 0, 0, 11, 23], ["b", 12, 0, 23, 23]]));
  }
}

/** Options of `prepare` with the tools' defaults, but small. */
export const options = (changes: Partial<PrepareOptions> & Pick<PrepareOptions, "layout" | "out">): PrepareOptions => ({
  size: 8,
  validation: 0.2,
  seed: 1,
  minSide: 8,
  workers: 2,
  ...changes,
});

/** The error's message. @throws Error when there is none. */
export async function messageOf(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  throw new Error("it did not fail");
}
