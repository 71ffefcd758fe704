/** An adversarial set: rounded adversaries, their originals, and who was fooled by them. */
import { z } from "zod";
import { makeFolder, readText, temporaryBeside, writeFileAtomic } from "../data/files.ts";
import { readSafetensors, writeSafetensors } from "../data/safetensors.ts";
import { UserError } from "../errors.ts";
import { fusions } from "./direction.ts";
import { methods } from "./method.ts";
import { norms } from "./round.ts";

/**
 * Which images a set keeps: those all members classified correctly and then misclassify; the paper's literal wording, all
 * members misclassify; or every attacked image.
 */
export const filters = ["correct-then-wrong", "wrong", "none"] as const;
export type Filter = typeof filters[number];

const whole = z.number().int().nonnegative();

export const manifestSchema = z.object({
  format: z.literal("superpose-set"),
  version: z.literal(1),
  method: z.enum(methods),
  fusion: z.enum(fusions),
  norm: z.enum(norms),
  momentum: z.number(),
  randomStart: z.boolean(),
  epsilon: z.number(),
  step: z.number(),
  steps: whole,
  filter: z.enum(filters),
  /** Of the pack; a random start is drawn from it too. */
  seed: z.number(),
  pack: z.string(),
  packHash: z.string(),
  split: z.literal("validation"),
  size: whole,
  classes: z.array(z.string()),
  members: z.array(z.object({ run: z.string(), arch: z.string(), defence: z.string(), hash: z.string() })).min(1),
  /** Held-out images there are; of these, how many all members classify correctly; how many the set keeps. */
  candidates: whole,
  correct: whole,
  adversarial: whole,
});
export type Manifest = z.infer<typeof manifestSchema>;

export interface AdversarialSet {
  path: string;
  manifest: Manifest;
  /** Bytes [adversarial, size, size, 3]. */
  images: Uint8Array;
  originals: Uint8Array;
  labels: Int32Array;
  /** Where each image lies in the validation split. */
  indices: Int32Array;
  /** What each member saw in the originals and in the adversaries, [members, adversarial]. */
  before: Int32Array;
  after: Int32Array;
}

const manifestFile = "set.json";
const tensorFile = "set.safetensors";

/** Writes a new set; the folder appears only when it is complete. */
export async function writeSet(set: AdversarialSet): Promise<void> {
  const { path, manifest, images, originals, labels, indices, before, after } = set;
  const count = manifest.adversarial;
  const pictures = [count, manifest.size, manifest.size, 3];
  const perMember = [manifest.members.length, count];
  const folder = temporaryBeside(path);
  await makeFolder(folder);
  try {
    await writeSafetensors(`${folder}/${tensorFile}`, {
      images: { dtype: "U8", shape: pictures, data: images },
      originals: { dtype: "U8", shape: pictures, data: originals },
      labels: { dtype: "I32", shape: [count], data: labels },
      indices: { dtype: "I32", shape: [count], data: indices },
      predictions_before: { dtype: "I32", shape: perMember, data: before },
      predictions_after: { dtype: "I32", shape: perMember, data: after },
    });
    await writeFileAtomic(`${folder}/${manifestFile}`, JSON.stringify(manifest, null, 2) + "\n");
    await Deno.rename(folder, path);
  } catch (error) {
    await Deno.remove(folder, { recursive: true });
    throw error;
  }
}

/** How a set was made, without its images. @throws UserError naming the file that is no manifest. */
export async function readManifest(path: string): Promise<Manifest> {
  const file = `${path}/${manifestFile}`;
  const parsed = manifestSchema.safeParse(parseJson(await readText(file), file));
  if (!parsed.success) {
    const [{ path: at, message }] = parsed.error.issues;
    throw new UserError(`${file}: ${at.join(".")}: ${message}.`);
  }
  return parsed.data;
}

/** @throws UserError naming the folder or file that is no adversarial set. */
export async function openSet(path: string): Promise<AdversarialSet> {
  const manifest = await readManifest(path);
  const { tensors } = await readSafetensors(`${path}/${tensorFile}`);
  const take = <T extends Uint8Array | Int32Array>(
    name: string,
    type: new (length: number) => T,
    length: number,
  ): T => {
    const data = tensors[name]?.data;
    if (data instanceof type && data.length === length) return data;
    throw new UserError(`${path}/${tensorFile} does not fit ${manifestFile}: ${name} is missing or of another size.`);
  };
  const count = manifest.adversarial;
  const bytes = count * manifest.size ** 2 * 3;
  return {
    path,
    manifest,
    images: take("images", Uint8Array, bytes),
    originals: take("originals", Uint8Array, bytes),
    labels: take("labels", Int32Array, count),
    indices: take("indices", Int32Array, count),
    before: take("predictions_before", Int32Array, count * manifest.members.length),
    after: take("predictions_after", Int32Array, count * manifest.members.length),
  };
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`${file} is not valid JSON.`);
  }
}
