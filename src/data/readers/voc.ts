/** VOC-style sets: XML files anywhere, their JPEGs beside them or in the JPEGImages/ next to Annotations/. */
import { UserError } from "../../errors.ts";
import { parseAnnotation } from "../annotation.ts";
import { readText } from "../files.ts";
import { fileName, folderOf, type Found, isJpeg, isXml, requireFolder, walk, withoutExtension } from "./source.ts";

/**
 * Pairs every annotation below `from` with its JPEG. Looked for are, in this order: the annotation's own name, then the
 * name in its `<filename>`, each beside it, then in JPEGImages/ for Annotations/, then anywhere if just one file has it.
 * @throws UserError when there is not a single annotation.
 */
export async function findVoc(from: string): Promise<Found> {
  await requireFolder(from);
  const files = await walk(from);
  const found: Found = { sources: [], refusals: [], names: new Map() };
  const images = new ImageIndex(files.filter(isJpeg));
  const used = new Set<string>();
  const annotations = files.filter(isXml);
  if (annotations.length === 0) throw new UserError(`${from} is not a VOC-style set: there is no XML file in it.`);
  for (const annotation of annotations) {
    const image = images.find(annotation, fileName(annotation)) ??
      images.find(annotation, await readFilename(`${from}/${annotation}`));
    if (image === undefined) {
      found.refusals.push({ file: annotation, reason: "missing image" });
      continue;
    }
    used.add(image);
    found.sources.push({ image, photograph: image, content: { annotation, corners: "voc" } });
  }
  for (const image of files.filter(isJpeg)) {
    if (!used.has(image)) found.refusals.push({ file: image, reason: "missing annotation" });
  }
  return found;
}

/** The `<filename>` of an annotation, "" when it has none or cannot be read (which comes up again when it is cut). */
async function readFilename(path: string): Promise<string> {
  try {
    return parseAnnotation(await readText(path)).filename ?? "";
  } catch {
    return "";
  }
}

/** JPEGs by path and by name, without their extensions. */
class ImageIndex {
  #byPath: Map<string, string>;
  #byName = new Map<string, string[]>();

  constructor(images: string[]) {
    this.#byPath = new Map(images.map((path) => [withoutExtension(path), path]));
    for (const path of images) {
      const name = withoutExtension(fileName(path));
      this.#byName.set(name, [...this.#byName.get(name) ?? [], path]);
    }
  }

  /** The JPEG of that name (with or without extension) which belongs to an annotation. */
  find(annotation: string, name: string): string | undefined {
    const plain = fileName(name.replaceAll("\\", "/"));
    const stem = isJpeg(plain) || isXml(plain) ? withoutExtension(plain) : plain;
    const folder = folderOf(annotation);
    const sibling = folder.replace(/(^|\/)Annotations(?=\/|$)/, "$1JPEGImages");
    const everywhere = this.#byName.get(stem) ?? [];
    return this.#byPath.get(join(folder, stem)) ?? this.#byPath.get(join(sibling, stem)) ??
      (everywhere.length === 1 ? everywhere[0] : undefined);
  }
}

const join = (folder: string, name: string): string => folder === "" ? name : `${folder}/${name}`;
