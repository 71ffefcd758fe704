/** The ILSVRC DET layout: {Annotations,Data}/DET/{train,val}/…, the same path on both sides. */
import { UserError } from "../../errors.ts";
import { readText } from "../files.ts";
import { fileName, type Found, isFolder, isJpeg, isXml, requireFolder, walk, withoutExtension } from "./source.ts";

const PARTS = ["train", "val"];

/**
 * Finds every photograph of `train` and `val` below a folder that is ILSVRC/ or holds it. The name of a file is
 * the name of the photograph, wherever it lies. A file `words.txt` (or `…-words.txt`) in `from`, with lines
 * `id<TAB>name, other names`, names the classes.
 * @throws UserError when the folder does not have this layout.
 */
export async function findDet(from: string): Promise<Found> {
  await requireFolder(from);
  const prefix = await isFolder(`${from}/ILSVRC`) ? "ILSVRC/" : "";
  const found: Found = { sources: [], refusals: [], names: await readWords(from) };
  let parts = 0;
  for (const part of PARTS) {
    const [annotations, data] = [`${prefix}Annotations/DET/${part}`, `${prefix}Data/DET/${part}`];
    if (!await isFolder(`${from}/${annotations}`) || !await isFolder(`${from}/${data}`)) continue;
    parts++;
    pair(found, await walk(from, annotations), annotations, await walk(from, data), data);
  }
  if (parts === 0) {
    throw new UserError(`${from} is not in the DET layout: it has no Annotations/DET and Data/DET with train or val.`);
  }
  return found;
}

function pair(found: Found, xmlFiles: string[], annotations: string, jpegFiles: string[], data: string): void {
  const images = new Map(jpegFiles.filter(isJpeg).map((path) => [withoutExtension(path.slice(data.length)), path]));
  for (const annotation of xmlFiles.filter(isXml)) {
    const key = withoutExtension(annotation.slice(annotations.length));
    const image = images.get(key);
    if (image === undefined) found.refusals.push({ file: annotation, reason: "missing image" });
    else {
      const photograph = withoutExtension(fileName(image));
      found.sources.push({ image, photograph, content: { annotation, corners: "det" } });
    }
    images.delete(key);
  }
  for (const image of images.values()) found.refusals.push({ file: image, reason: "missing annotation" });
}

async function readWords(from: string): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for await (const entry of Deno.readDir(from)) {
    if (!entry.isFile || !/(^|-)words\.txt$/.test(entry.name)) continue;
    for (const line of (await readText(`${from}/${entry.name}`)).split(/\r?\n/)) {
      const [id, synonyms] = line.split("\t");
      if (synonyms) names.set(id.trim(), synonyms.split(",")[0].trim());
    }
  }
  return names;
}
