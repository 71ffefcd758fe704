/** Pictures inside the page: PNG data URIs, enlarged by whole factors so that every pixel stays a sharp square. */
import { encode } from "fast-png";
import type { Picture } from "../data/picture.ts";
import { type Html, markup } from "./markup.ts";

/** A picture as an `<img>` of about `side` CSS pixels width; `alt` is read aloud in its place. */
export function image(picture: Picture, alt: string, side: number): Html {
  const factor = Math.max(1, Math.round(side / picture.width));
  return markup`<img src="${dataUri(picture)}" alt="${alt}" width="${picture.width * factor}" height="${
    picture.height * factor
  }">`;
}

/** The picture as a lossless PNG in a `data:` URI. */
export function dataUri({ width, height, data }: Picture): string {
  if (data.length !== width * height * 3) {
    throw new RangeError(
      `a picture of ${width}×${height} pixels needs ${width * height * 3} bytes, not ${data.length}`,
    );
  }
  return "data:image/png;base64," + encode({ width, height, data, channels: 3, depth: 8 }).toBase64();
}

/** The whole factor that stretches a difference of ±epsilon over the range of pixel values. */
export function amplification(epsilon: number): number {
  return Math.max(1, Math.floor(127 / Math.max(epsilon, 1)));
}

/** What was added to `original` to make `adversary`, times `factor`, around mid-grey: no change shows as 128. */
export function noise(original: Picture, adversary: Picture, factor: number): Picture {
  const { width, height } = original;
  if (adversary.width !== width || adversary.height !== height) {
    throw new RangeError(`${adversary.width}×${adversary.height} adversary of a ${width}×${height} picture`);
  }
  const data = new Uint8ClampedArray(original.data.length);
  for (let i = 0; i < data.length; i++) data[i] = 128 + factor * (adversary.data[i] - original.data[i]);
  return { width, height, data: new Uint8Array(data.buffer) };
}
