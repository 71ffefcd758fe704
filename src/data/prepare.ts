/** From a folder of photographs to a pack: fetch, find, cut in parallel, balance, split, write. */
import { UserError } from "../errors.ts";
import { collect, type Crop } from "./collect.ts";
import { download, PUBLISHED } from "./download.ts";
import { drawTree } from "./drawn/tree.ts";
import { asUserError, temporaryBeside } from "./files.ts";
import { openPack, type PackInfo } from "./pack.ts";
import { findCifar10 } from "./readers/cifar10.ts";
import { findDet } from "./readers/det.ts";
import { findFolders } from "./readers/folders.ts";
import { findIdx } from "./readers/idx.ts";
import type { Found } from "./readers/source.ts";
import { findVoc } from "./readers/voc.ts";
import { balance } from "./split.ts";
import { writePack } from "./write.ts";

export const LAYOUTS = ["det", "voc", "folders", "idx", "cifar10", "drawn"] as const;
export type Layout = typeof LAYOUTS[number];

export interface PrepareOptions {
  layout: Layout;
  /** The folder to read; `drawn` needs none. */
  from?: string;
  /** Fetch the published set of this layout into `from` first (`idx`, `cifar10`). */
  download?: boolean;
  /** The pack's folder. An older pack there is replaced, anything else is left alone. */
  out: string;
  /** Side of the crops, pixels. */
  size: number;
  /** Keep the classes with the most crops; all by default. */
  classes?: number;
  /** Crops per class, in both splits together; as many as the smallest class has by default. */
  perClass?: number;
  /** Share of validation, above 0 and below 1; {@link DEFAULTS} has the default. Not for `idx` and `cifar10`. */
  validation?: number;
  seed: number;
  /** Boxes with a shorter side, pixels, are refused; {@link DEFAULTS} has the default. Not for `idx` and `cifar10`. */
  minSide?: number;
  /** Parallel workers; one per core by default. The result does not depend on it. */
  workers?: number;
  onProgress?: (progress: Progress) => void;
}

export interface Progress {
  /** What is being done, such as "cutting". */
  stage: string;
  done: number;
  total: number;
  unit: "photographs" | "bytes";
}

export const DEFAULTS = { validation: 0.2, minSide: 8 };

const READERS: Record<Layout, (from: string) => Promise<Found>> = {
  det: findDet,
  voc: findVoc,
  folders: findFolders,
  idx: findIdx,
  cifar10: findCifar10,
  drawn: findDet,
};

/** How many crops of each class are drawn when `perClass` does not say. */
const DRAWN_PER_CLASS = 250;

/** What does not go together in the options, as one sentence; undefined when all is well. */
export function objection({ layout, from, download, validation, minSide }: PrepareOptions): string | undefined {
  if (layout === "drawn" && from !== undefined) return "--layout drawn takes no --from.";
  if (layout !== "drawn" && from === undefined) return `--layout ${layout} needs --from.`;
  if (!PUBLISHED[layout]) return download ? `--layout ${layout} takes no --download.` : undefined;
  if (validation !== undefined) return `--layout ${layout} takes no --validation: the set has test images of its own.`;
  if (minSide !== undefined) return `--layout ${layout} takes no --min-side: all images have the same size.`;
}

/**
 * Makes a pack and returns its description. The folder `out` appears when everything in it is complete.
 * @throws UserError when the options contradict each other, the source cannot be fetched or read, nothing in it can be
 * used, or `out` is something else than a pack.
 */
export async function prepare(options: PrepareOptions): Promise<PackInfo> {
  const { out } = options;
  const sentence = objection(options);
  if (sentence) throw new UserError(sentence);
  await refuseForeign(out);
  const temporary = temporaryBeside(out);
  try {
    await Deno.mkdir(temporary, { recursive: true });
    const info = await build(options, temporary);
    await replace(out, temporary);
    return info;
  } catch (error) {
    throw asUserError(error, `${out} cannot be made`);
  } finally {
    await Deno.remove(temporary, { recursive: true }).catch(() => {});
  }
}

async function build(options: PrepareOptions, folder: string): Promise<PackInfo> {
  const { layout, size, seed, classes, perClass, workers = navigator.hardwareConcurrency, onProgress } = options;
  const { validation, minSide } = PUBLISHED[layout]
    ? { validation: undefined, minSide: 1 }
    : { validation: options.validation ?? DEFAULTS.validation, minSide: options.minSide ?? DEFAULTS.minSide };
  const from = await obtain(options, folder, workers);
  const found = await READERS[layout](from);
  const spill = `${folder}/crops.bin`;
  const progress = (done: number, total: number) =>
    onProgress?.({ stage: "cutting", done, total, unit: "photographs" });
  const { crops, refusals } = await collect(from, found, { size, minSide }, spill, workers, progress);
  const balanced = balance(crops, {
    classes,
    perClass: perClass ?? (layout === "drawn" ? DRAWN_PER_CLASS : undefined),
    validation,
    seed,
  });
  for (const { class: id, detail } of balanced.refused) {
    refusals.push({ file: `class ${id}`, reason: "class too small", detail });
  }
  if (balanced.classes.length < 2) throw new UserError(nothingLeft(from, crops, refusals.map(({ reason }) => reason)));
  const held = balanced.validation.length;
  const info = await writePack(folder, spill, crops, balanced, {
    size,
    classes: balanced.classes.map((id) => ({ id, name: found.names.get(id) ?? id })),
    seed,
    validation: validation ?? held / (balanced.train.length + held),
    minSide,
    source: { layout, from: layout === "drawn" ? "source" : from },
    refusals,
  });
  await Deno.remove(spill);
  return info;
}

/** Draws or fetches what has to be drawn or fetched, and returns the folder to read. */
async function obtain(options: PrepareOptions, folder: string, workers: number): Promise<string> {
  const { layout, seed, perClass = DRAWN_PER_CLASS, onProgress } = options;
  const from = layout === "drawn" ? `${folder}/source` : options.from!;
  if (layout === "drawn") {
    const progress = (done: number, total: number) =>
      onProgress?.({ stage: "drawing", done, total, unit: "photographs" });
    await drawTree(from, { seed, perClass }, workers, progress);
  }
  if (options.download) {
    await download(
      PUBLISHED[layout]!,
      from,
      (file, done, total) => onProgress?.({ stage: `fetching ${file}`, done, total, unit: "bytes" }),
    );
  }
  return from;
}

function nothingLeft(from: string, crops: Crop[], reasons: string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const refused = [...counts].map(([reason, count]) => `${count} × ${reason}`).join(", ") || "nothing";
  return `${from}: fewer than two classes can be used (${crops.length} usable crops; refused: ${refused}).`;
}

/** @throws UserError when `out` is there and neither a pack nor empty. */
async function refuseForeign(out: string): Promise<void> {
  const info = await Deno.stat(out).catch(() => undefined);
  if (!info) return;
  const entries = info.isDirectory ? await Array.fromAsync(Deno.readDir(out)) : [];
  if (info.isDirectory && entries.length === 0) return;
  if (info.isDirectory && await openPack(out).then(() => true, () => false)) return;
  throw new UserError(`${out} is there already and is not a pack, so it is not replaced.`);
}

async function replace(out: string, complete: string): Promise<void> {
  const old = temporaryBeside(out);
  const replaced = await Deno.rename(out, old).then(() => true, () => false);
  await Deno.rename(complete, out);
  if (replaced) await Deno.remove(old, { recursive: true });
}
