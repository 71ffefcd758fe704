/** Class folders: `from`/<class>/…/*.jpg, the whole image being the object. */
import { UserError } from "../../errors.ts";
import { type Found, isJpeg, requireFolder, walk } from "./source.ts";

/** Endings of pictures that somebody may expect to be read; other files (notes, lists) are none of our business. */
const OTHER_PICTURE = /\.(png|gif|bmp|tiff?|webp|avif|heic)$/i;

/** Finds the JPEGs in the class folders below `from`. @throws UserError when there is no such folder with JPEGs. */
export async function findFolders(from: string): Promise<Found> {
  await requireFolder(from);
  const found: Found = { sources: [], refusals: [], names: new Map() };
  for (const image of await walk(from)) {
    const [folder, ...rest] = image.split("/");
    if (OTHER_PICTURE.test(image)) found.refusals.push({ file: image, reason: "not a JPEG" });
    else if (!isJpeg(image)) continue;
    else if (rest.length === 0) found.refusals.push({ file: image, reason: "not in a class folder" });
    else found.sources.push({ image, photograph: image, content: { class: folder } });
  }
  if (found.sources.length === 0) throw new UserError(`${from} has no class folders with JPEGs in them.`);
  return found;
}
