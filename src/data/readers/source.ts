/** What every reader hands on: photographs, with where to find their objects. */
import { UserError } from "../../errors.ts";
import { asUserError } from "../files.ts";
import type { Refusal, Split } from "../pack.ts";
import type { Picture } from "../picture.ts";

/**
 * How the corners of a box are counted: `det` pixels from 0, `voc` pixels from 1; in both the last pixel belongs to
 * the box.
 */
export type Corners = "det" | "voc";

/** One photograph; paths are relative to the root that was given. */
export interface Source {
  image: string;
  /** Photographs with the same key are the same one, whatever their bytes. */
  photograph: string;
  /** Either an annotation with boxes, or one class for the whole image. */
  content: { annotation: string; corners: Corners } | { class: string };
  /** The image itself, where it is not a JPEG of its own. */
  picture?: Picture;
  /** The side on which the set's authors have put it. */
  split?: Split;
}

/** What a reader found below a root. */
export interface Found {
  sources: Source[];
  refusals: Refusal[];
  /** Names of class ids, where the data tell them. */
  names: Map<string, string>;
}

/** All files below `root`/`folder`, relative to `root`, in an order that does not depend on the file system. */
export async function walk(root: string, folder = ""): Promise<string[]> {
  const files: string[] = [];
  try {
    for await (const entry of Deno.readDir(`${root}/${folder}`)) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      const target = entry.isSymlink ? await Deno.stat(`${root}/${path}`).catch(() => entry) : entry;
      if (!target.isDirectory) files.push(path);
      // One by one: a call takes some hundred thousand arguments at most, and ImageNet's folders hold more files.
      else for (const file of await walk(root, path)) files.push(file);
    }
  } catch (error) {
    throw asUserError(error, `${root}/${folder} cannot be read`);
  }
  return files.sort();
}

/** @throws UserError when the folder that a layout is read from is not there. */
export async function requireFolder(path: string): Promise<void> {
  const info = await Deno.stat(path).catch(() => undefined);
  if (!info?.isDirectory) throw new UserError(`There is no folder ${path}.`);
}

export const isFolder = async (path: string): Promise<boolean> =>
  (await Deno.stat(path).catch(() => undefined))?.isDirectory ?? false;

export const isJpeg = (path: string): boolean => /\.jpe?g$/i.test(path);
export const isXml = (path: string): boolean => /\.xml$/i.test(path);

/** `a/b.c.jpg` → `a/b.c` */
export const withoutExtension = (path: string): string => path.replace(/\.[^./]*$/, "");

/** `a/b.jpg` → `b.jpg` */
export const fileName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** `a/b.jpg` → `a`, `b.jpg` → `` */
export const folderOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf("/"), 0));
