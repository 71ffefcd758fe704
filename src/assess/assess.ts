/** How resilient networks are: their accuracy on adversarial sets and on the sets' originals (paper, section V-C). */
import { type Manifest, openSet, readManifest } from "../attack/adversarial_set.ts";
import { openPack, type Pack, type Split, SPLITS } from "../data/pack.ts";
import { sha256File } from "../data/files.ts";
import { UserError } from "../errors.ts";
import { DeviceImages, readerOf, type ReadImages } from "../nn/images.ts";
import { classesSeen, countCorrect } from "../nn/predict.ts";
import { checkFits, exists, openRuns, type TrainedNetwork } from "../nn/run.ts";
import type { Engine } from "../tensor/graph.ts";
import type { Proportion } from "./interval.ts";

/** One network on one set. */
export interface Cell {
  /** Whether the network was part of the ensemble the set was made with: then it says nothing about transfer. */
  member: boolean;
  /** Accuracy on the set's originals ("True") and on its adversaries ("Adv."). */
  true: Proportion;
  adversarial: Proportion;
  perClass: PerClass;
}

/** The same class by class: images of each class in the set, and how many of them are classified correctly. */
export interface PerClass {
  count: number[];
  true: number[];
  adversarial: number[];
}

export interface AssessedNetwork {
  run: string;
  arch: string;
  defence: string;
  hash: string;
  /** Accuracy on the splits of the pack the sets were made from. */
  train: Proportion;
  validation: Proportion;
  /** One per set, in the sets' order. */
  cells: Cell[];
}

export interface Assessment {
  format: "superpose-assessment";
  version: 2;
  sets: AssessedSet[];
  networks: AssessedNetwork[];
}

type AssessedSet = { path: string } & Manifest;

/** Assesses every network on every set; all sets must come from one pack. */
export async function assess(
  engine: Engine,
  setPaths: readonly string[],
  runs: readonly string[],
  onProgress?: (what: string) => void,
): Promise<Assessment> {
  const sets: AssessedSet[] = [];
  for (const path of setPaths) sets.push({ path, ...await readManifest(path) });
  for (const set of sets) {
    checkFits(set.path, set, sets[0], sets[0].path);
    if (set.packHash !== sets[0].packHash) {
      throw new UserError(`${set.path} and ${sets[0].path} were made from different packs.`);
    }
  }
  const networks = await openRuns(engine, runs);
  checkFits(runs[0], networks[0].info.architecture, sets[0], sets[0].path);
  const pack = await openSource(sets[0]);

  const seen = {} as Record<Split, Int32Array[]>;
  const accuracies = {} as Record<Split, Proportion[]>;
  for (const split of SPLITS) {
    const labels = await pack.labels(split);
    seen[split] = await predict(networks, pack.size, labels.length, (from, to) => pack.images(split, from, to));
    accuracies[split] = seen[split].map((predictions) => proportion(predictions, labels));
    onProgress?.(`${split} images`);
  }
  const cells: Cell[][] = networks.map(() => []);
  for (const group of inGroups(sets)) {
    const columns = await assessSets(networks, seen.validation, group);
    cells.forEach((row, i) => row.push(...columns.map((column) => column[i])));
    for (const { path } of group) onProgress?.(path);
  }
  for (const { network } of networks) network.free();
  return {
    format: "superpose-assessment",
    version: 2,
    sets,
    networks: networks.map(({ path, info, hash }, i) => ({
      run: path,
      arch: info.architecture.arch,
      defence: info.training.defence,
      hash,
      train: accuracies.train[i],
      validation: accuracies.validation[i],
      cells: cells[i],
    })),
  };
}

/**
 * One assessment of all networks of several, which must be of the same sets.
 * @throws UserError where the sets differ or a network is in two of them.
 */
export function merge(assessments: readonly Assessment[]): Assessment {
  const [first] = assessments;
  for (const { sets } of assessments) {
    if (JSON.stringify(sets) !== JSON.stringify(first.sets)) {
      throw new UserError("Assessments of different sets cannot be merged.");
    }
  }
  const networks = assessments.flatMap((assessment) => assessment.networks);
  const twice = networks.find(({ run }, i) => networks.findIndex((other) => other.run === run) !== i);
  if (twice) throw new UserError(`${twice.run} is in two of the assessments to merge.`);
  return { ...first, networks };
}

/** Adversaries that are on the device at a time, bytes, unless a single set is larger. */
const groupBytes = 256 * 2 ** 20;

/** Small sets share an upload, for which each network is then compiled once. */
function inGroups(sets: readonly AssessedSet[]): AssessedSet[][] {
  const groups: AssessedSet[][] = [];
  let room = 0;
  for (const set of sets) {
    const bytes = set.adversarial * set.size ** 2 * 3;
    if (groups.length === 0 || bytes > room) {
      groups.push([]);
      room = groupBytes;
    }
    groups[groups.length - 1].push(set);
    room -= bytes;
  }
  return groups;
}

/**
 * The cells of some sets, [sets][networks].
 * @param validation what each network sees in the validation images: the originals of a set are some of them
 */
async function assessSets(
  networks: readonly TrainedNetwork[],
  validation: readonly Int32Array[],
  group: readonly AssessedSet[],
): Promise<Cell[][]> {
  const [{ size, classes }] = group;
  const total = group.reduce((sum, { adversarial }) => sum + adversarial, 0);
  const bytes = new Uint8Array(total * size ** 2 * 3);
  const sets: { labels: Int32Array; indices: Int32Array; first: number }[] = [];
  let first = 0;
  for (const { path } of group) {
    const { images, labels, indices } = await openSet(path);
    bytes.set(images, first * size ** 2 * 3);
    sets.push({ labels, indices, first });
    first += labels.length;
  }
  const seen = await predict(networks, size, total, readerOf(bytes, size));
  return sets.map(({ labels, indices, first }, s) =>
    networks.map(({ hash }, i) => {
      const before = Int32Array.from(indices, (n) => validation[i][n]);
      const after = seen[i].subarray(first, first + labels.length);
      return {
        member: group[s].members.some((member) => member.hash === hash),
        true: proportion(before, labels),
        adversarial: proportion(after, labels),
        perClass: {
          count: tally(labels, labels, classes.length),
          true: tally(before, labels, classes.length),
          adversarial: tally(after, labels, classes.length),
        },
      };
    })
  );
}

/** The class each network sees in each image, [networks][count]. */
async function predict(
  networks: readonly TrainedNetwork[],
  size: number,
  count: number,
  read: ReadImages,
): Promise<Int32Array[]> {
  if (count === 0) return networks.map(() => new Int32Array(0));
  const images = await DeviceImages.upload(networks[0].network.engine.gpu, size, count, read);
  const all = await classesSeen(networks.map(({ network }) => network), images);
  images.free();
  return all;
}

function proportion(predictions: Int32Array, labels: Int32Array): Proportion {
  return { correct: countCorrect(predictions, labels), count: labels.length };
}

/** How many predictions of each class are right. */
function tally(predictions: Int32Array, labels: Int32Array, classes: number): number[] {
  const correct = new Array<number>(classes).fill(0);
  labels.forEach((label, n) => correct[label] += predictions[n] === label ? 1 : 0);
  return correct;
}

/** The pack a set was made from, which must still be what it was. */
async function openSource({ path, pack, packHash }: AssessedSet): Promise<Pack> {
  const file = `${pack}/pack.json`;
  if (!await exists(file) || await sha256File(file) !== packHash) {
    throw new UserError(`${path} was made from the pack ${pack}, which is no longer there or has changed.`);
  }
  return await openPack(pack);
}
