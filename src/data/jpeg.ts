/** JPEG files as a person would see them: any colour model jpeg-js knows, turned upright as EXIF says. */
import ExifReader from "exifreader";
import { decode } from "jpeg-js";
import { orient, type Picture } from "./picture.ts";

/** A decoded JPEG: the upright picture, and how it lies in the file. */
export interface Photograph {
  picture: Picture;
  stored: { width: number; height: number; orientation: number };
}

/**
 * Decodes a JPEG: baseline or progressive; grey, YCbCr, RGB, CMYK or YCCK (the latter two with Adobe's marker, whose
 * inks are stored inverted).
 * @throws Error saying what is wrong when the file is cut short, damaged or of a kind nobody can show.
 */
export function decodeJpeg(bytes: Uint8Array): Photograph {
  const header = readHeader(bytes);
  const { width, height, data } = decode(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false, // half a photograph is a broken one
    maxMemoryUsageInMB: 2048,
    colorTransform: header.storedAsRgb ? false : undefined, // jpeg-js overlooks this kind
  });
  const orientation = header.hasExif ? readOrientation(bytes) : 1;
  return { picture: orient({ width, height, data }, orientation), stored: { width, height, orientation } };
}

/** The orientation of a JPEG with EXIF data; 1 (upright) when there is none or it cannot be read. */
function readOrientation(bytes: Uint8Array): number {
  try {
    const value = ExifReader.load(bytes.slice().buffer).Orientation?.value;
    return typeof value === "number" ? value : 1;
  } catch {
    return 1; // viewers show such a file as it is stored
  }
}

/** Walks the marker segments up to the first scan. Source: ITU-T T.81, annex B. */
function readHeader(bytes: Uint8Array): { storedAsRgb: boolean; hasExif: boolean } {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw new Error("it is not a JPEG");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number, length: number) => String.fromCharCode(...bytes.subarray(at, at + length));
  let hasExif = false, jfif = false, components = "";
  let adobeTransform: number | undefined;
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda;) {
    const marker = bytes[at + 1];
    if (marker === 0xff) { // a fill byte
      at++;
      continue;
    }
    const body = at + 4;
    if (marker === 0xe0 && text(body, 4) === "JFIF") jfif = true;
    if (marker === 0xe1 && text(body, 4) === "Exif") hasExif = true;
    if (marker === 0xee && text(body, 5) === "Adobe") adobeTransform = bytes[body + 11];
    if (isFrame(marker)) {
      if (bytes[body] !== 8) throw new Error(`it has ${bytes[body]} bits per sample instead of 8`);
      components = Array.from({ length: bytes[body + 5] }, (_, i) => text(body + 6 + 3 * i, 1)).join("");
    }
    at += 2 + view.getUint16(at + 2);
  }
  const storedAsRgb = components.length === 3 && (adobeTransform === 0 || (!jfif && components === "RGB"));
  return { storedAsRgb, hasExif };
}

/** Is this a start-of-frame marker (C0–CF without the tables C4, C8 and CC)? */
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
