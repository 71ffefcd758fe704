/**
 * A pack: the square crops of a data set, ready to train on. A folder with `pack.json` and, for each split, the
 * crops' pixels and labels (`<split>.safetensors`) and where each one came from (`<split>.jsonl`).
 */
import { z } from "zod";
import { UserError } from "../errors.ts";
import { readText } from "./files.ts";
import { openSafetensors, type SafetensorsFile } from "./safetensors.ts";

export const SPLITS = ["train", "validation"] as const;
export type Split = typeof SPLITS[number];

const whole = z.number().int().nonnegative();
const perClass = z.record(z.string(), whole);

/** One thing that could not be used, and why. */
const refusalSchema = z.object({
  /** The file at fault, relative to the source's root; `class NAME` when it is a whole class. */
  file: z.string(),
  /** The kind of fault, as it is counted. */
  reason: z.string(),
  /** Place of the object in its annotation, from 1. */
  object: whole.optional(),
  /** What exactly was found. */
  detail: z.string().optional(),
});
export type Refusal = z.infer<typeof refusalSchema>;

const infoSchema = z.object({
  format: z.literal("superpose-pack"),
  version: z.literal(1),
  /** Side of the square crops, pixels. */
  size: whole.min(1),
  /** A label is an index in this list. */
  classes: z.array(z.object({ id: z.string(), name: z.string() })).min(1),
  /** Crops per class id. */
  counts: z.object({ train: perClass, validation: perClass }),
  seed: z.number(),
  /** The share of each class's crops that was asked for as validation, or that it has in a set its authors split. */
  validation: z.number(),
  minSide: z.number(),
  source: z.object({ layout: z.string(), from: z.string() }),
  refusals: z.object({
    counts: perClass,
    list: z.array(refusalSchema),
  }),
  /** SHA-256 of every other file of the pack, by name. */
  files: z.record(z.string(), z.string()),
});
export type PackInfo = z.infer<typeof infoSchema>;

const cropSchema = z.object({
  /** Path of the photograph, relative to the source's root. */
  file: z.string(),
  /** Half-open pixel box [x0, y0, x1, y1] on the photograph as a person sees it. */
  box: z.tuple([whole, whole, whole, whole]),
  class: z.string(),
});
export type CropInfo = z.infer<typeof cropSchema>;

/** An opened pack. Images are read from the file as they are asked for. */
export class Pack {
  constructor(
    readonly path: string,
    readonly info: PackInfo,
    private readonly files: Record<Split, SafetensorsFile>,
  ) {}

  /** Side of the square images, pixels. */
  get size(): number {
    return this.info.size;
  }

  get classes(): PackInfo["classes"] {
    return this.info.classes;
  }

  /** Number of images in a split. */
  count(split: Split): number {
    return this.files[split].entry("labels").shape[0];
  }

  /** The class indices of a split, [count]. */
  async labels(split: Split): Promise<Int32Array> {
    return await this.files[split].read("labels") as Int32Array;
  }

  /** Images `from` … `to`−1 of a split as bytes [to−from, size, size, 3], RGB interleaved; all of them by default. */
  async images(split: Split, from = 0, to = this.count(split)): Promise<Uint8Array> {
    return await this.files[split].read("images", from, to) as Uint8Array;
  }

  /** Where each image of a split came from, in the same order. */
  async crops(split: Split): Promise<CropInfo[]> {
    const path = `${this.path}/${split}.jsonl`;
    const lines = (await readText(path)).split("\n").filter(Boolean);
    const crops = lines.map((line, index) => parse(cropSchema, line, `${path}, line ${index + 1},`));
    if (crops.length !== this.count(split)) {
      throw new UserError(`${path} has ${crops.length} lines for ${this.count(split)} images.`);
    }
    return crops;
  }
}

/**
 * Opens a pack and checks that its parts agree.
 * @throws UserError naming the folder or file that is missing, of another format, cut short or at odds with the rest.
 */
export async function openPack(path: string): Promise<Pack> {
  const info = await readInfo(path);
  const files = {
    train: await openSplit(path, info, "train"),
    validation: await openSplit(path, info, "validation"),
  };
  return new Pack(path, info, files);
}

async function readInfo(path: string): Promise<PackInfo> {
  const folder = await Deno.stat(path).catch(() => undefined);
  if (!folder) throw new UserError(`There is no pack at ${path}.`);
  const file = `${path}/pack.json`;
  if (!await Deno.stat(file).catch(() => undefined)) throw new UserError(`${path} is not a pack: it has no pack.json.`);
  return parse(infoSchema, await readText(file), file);
}

async function openSplit(path: string, info: PackInfo, split: Split): Promise<SafetensorsFile> {
  const file = await openSafetensors(`${path}/${split}.safetensors`);
  const count = Object.values(info.counts[split]).reduce((sum, n) => sum + n, 0);
  const [images, labels] = [file.entry("images"), file.entry("labels")];
  const agree = images.dtype === "U8" && `${images.shape}` === `${[count, info.size, info.size, 3]}` &&
    labels.dtype === "I32" && `${labels.shape}` === `${[count]}`;
  if (!agree) throw new UserError(`${file.path} does not agree with pack.json beside it.`);
  return file;
}

/** JSON text as a checked value. @throws UserError beginning with `where` and naming the first field at fault. */
function parse<T>(schema: z.ZodType<T>, text: string, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError(`${where} is not valid JSON.`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0];
  throw new UserError(`${where} is malformed at "${path.join(".")}": ${message}.`);
}
