/**
 * A pack of simple patterns and networks trained on it in a second or two, shared by all tests of the process and
 * removed when it ends.
 */
import type { Crop } from "../../src/data/collect.ts";
import { openPack, type Pack } from "../../src/data/pack.ts";
import { writePack } from "../../src/data/write.ts";
import { DeviceImages } from "../../src/nn/images.ts";
import { Predictor } from "../../src/nn/predict.ts";
import { openRuns } from "../../src/nn/run.ts";
import { Random } from "../../src/random.ts";

import type { TrainSettings } from "../../src/train/settings.ts";
import { train, type TrainOptions, type TrainResult } from "../../src/train/train.ts";
import { digest } from "../nn/networks.ts";
import { engine } from "../ops/engine.ts";

const SIZE = 32;
const CLASSES = ["checks", "rows", "slope"];

const root = Deno.makeTempDirSync({ prefix: "superpose-test-" });
globalThis.addEventListener("unload", () => Deno.removeSync(root, { recursive: true }));
let folders = 0;

/** A path in the process's own folder that is not taken yet. */
export const fresh = (name: string): string => `${root}/${name}-${folders++}`;

/** A picture of class `label`: a pattern in a random colour under noise. */
function draw(label: number, random: Random): Uint8Array {
  const colour = [0, 1, 2].map(() => 60 + random.integer(120));
  const phase = random.integer(8);
  const bytes = new Uint8Array(SIZE * SIZE * 3);
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const shade = [(x + phase >> 2) + (y >> 2) & 1, y + phase >> 2 & 1, (x + y) / 64][label];
      for (let c = 0; c < 3; c++) {
        const value = colour[c] + 100 * (shade - 0.5) + 30 * (random.uniform() - 0.5);
        bytes[3 * (SIZE * y + x) + c] = Math.min(Math.max(Math.round(value), 0), 255);
      }
    }
  }
  return bytes;
}

/** Writes a pack; the pictures of class 0 that come last in validation are drawn as class 1: nobody gets them right. */
async function writeTiny(path: string, seed: number, train: number, validation: number, wrong: number): Promise<Pack> {
  await Deno.mkdir(path);
  const random = new Random(seed, "tiny pack");
  const labels = Array.from({ length: train + validation }, (_, i) => i % CLASSES.length);
  const misleading = labels.map((_, i) => i).filter((i) => i >= train && labels[i] === 0).slice(-wrong);
  const spill = `${path}/crops.bin`;
  const pixels = labels.map((label, i) => draw(misleading.includes(i) ? 1 : label, random));
  await Deno.writeFile(spill, new Blob(pixels as Uint8Array<ArrayBuffer>[]).stream());
  const crops = labels.map((label, i): Crop => (
    { file: `${i}.jpg`, box: [0, 0, SIZE, SIZE], class: CLASSES[label], photograph: i, place: i }
  ));
  const indices = [...labels.keys()];
  const sides = { train: indices.slice(0, train), validation: indices.slice(train) };
  await writePack(path, spill, crops, { classes: CLASSES, refused: [], ...sides }, {
    size: SIZE,
    classes: CLASSES.map((id) => ({ id, name: id })),
    seed,
    validation: validation / (train + validation),
    minSide: 8,
    source: { layout: "drawn", from: "tests" },
    refusals: [],
  });
  await Deno.remove(spill);
  return await openPack(path);
}

let pack: Promise<Pack> | null = null;
/** 64 images to train and 18 to validate with, of which two carry another class's label. */
export const tinyPack = (): Promise<Pack> => pack ??= writeTiny(fresh("pack"), 1, 64, 18, 2);

let other: Promise<Pack> | null = null;
/** Another of the same size and classes. */
export const otherPack = (): Promise<Pack> => other ??= writeTiny(fresh("other-pack"), 2, 48, 12, 0);

export const tinySettings = (changes: Partial<TrainSettings> = {}): TrainSettings => ({
  arch: "vgg13",
  width: 0.0625,
  defence: { name: "none" },
  epochs: 2,
  batch: 16,
  learningRate: 0.05,
  seed: 1,
  precision: "f32",
  ...changes,
});

/** Trains on the tiny pack in this process. */
export async function trainTiny(
  changes: Partial<TrainSettings> = {},
  options: Partial<TrainOptions> = {},
): Promise<TrainResult> {
  return await train(await engine(), await tinyPack(), tinySettings(changes), { out: fresh("run"), ...options });
}

const runs = new Map<number, Promise<TrainResult>>();
/** The folder of a network trained for long enough to know the patterns; each seed is trained once. */
export async function tinyRun(seed: number): Promise<string> {
  if (!runs.has(seed)) runs.set(seed, trainTiny({ seed, epochs: 6 }));
  return (await runs.get(seed)!).run;
}

/** What two runs that did the same have in common, bit for bit: all their files but the clock and the settings. */
export async function contentOf(run: string) {
  const bytes = async (name: string) => digest(await Deno.readFile(`${run}/${name}`));
  return {
    weights: await bytes("weights.safetensors"),
    best: await bytes("weights.best.safetensors"),
    state: await bytes("state.safetensors"),
    log: await Deno.readTextFile(`${run}/log.jsonl`),
  };
}

/** What each run's network sees in pictures of the tiny pack's size, by hand: logits of one batch, the largest wins. */
export async function predictions(runs: readonly string[], bytes: Uint8Array): Promise<number[][]> {
  const { gpu } = await engine();
  const each = SIZE * SIZE * 3;
  const images = await DeviceImages.upload(
    gpu,
    SIZE,
    bytes.length / each,
    (from, to) => bytes.subarray(from * each, to * each),
  );
  const all: number[][] = [];
  for (const { network } of await openRuns(await engine(), runs)) {
    const predictor = await Predictor.compile(network, images);
    const logits = await predictor.logits();
    const rows = Array.from({ length: images.count }, (_, n) => [...logits.subarray(3 * n, 3 * n + 3)]);
    all.push(rows.map((row) => row.indexOf(Math.max(...row))));
    for (const resource of [predictor, network]) resource.free();
  }
  images.free();
  return all;
}

/** A copy of the tiny pack that may be spoilt; its folder. */
export async function copyPack(): Promise<string> {
  const { path } = await tinyPack();
  const copy = fresh("pack-copy");
  await Deno.mkdir(copy);
  for (const { name } of Deno.readDirSync(path)) await Deno.copyFile(`${path}/${name}`, `${copy}/${name}`);
  return copy;
}
