/** How resilient networks are: their accuracy on adversarial sets and on the sets' originals (paper, section V-C). */
import { type AdversarialSet, type Manifest, openSet } from "../attack/adversarial_set.ts";
import { openPack, type Pack, type Split, SPLITS } from "../data/pack.ts";
import { sha256File } from "../data/files.ts";
import { UserError } from "../errors.ts";
import { DeviceImages, readerOf, type ReadImages } from "../nn/images.ts";
import { argmax, countCorrect, Predictor } from "../nn/predict.ts";
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
  version: 1;
  sets: ({ path: string } & Manifest)[];
  networks: AssessedNetwork[];
}

/** Assesses every network on every set; all sets must come from one pack. */
export async function assess(
  engine: Engine,
  setPaths: readonly string[],
  runs: readonly string[],
  onProgress?: (run: string) => void,
): Promise<Assessment> {
  const sets: AdversarialSet[] = [];
  for (const path of setPaths) sets.push(await openSet(path));
  for (const { path, manifest } of sets) {
    checkFits(path, manifest, sets[0].manifest, setPaths[0]);
    if (manifest.packHash !== sets[0].manifest.packHash) {
      throw new UserError(`${path} and ${setPaths[0]} were made from different packs.`);
    }
  }
  const networks = await openRuns(engine, runs);
  checkFits(runs[0], networks[0].info.architecture, sets[0].manifest, setPaths[0]);
  const pack = await openSource(sets[0]);

  const assessed: AssessedNetwork[] = networks.map(({ path, info, hash }) => ({
    run: path,
    arch: info.architecture.arch,
    defence: info.training.defence,
    hash,
    train: { correct: 0, count: 0 },
    validation: { correct: 0, count: 0 },
    cells: [],
  }));
  for (const split of SPLITS) {
    const proportions = await score(engine, networks, await source(pack, split));
    assessed.forEach((network, i) => network[split] = proportions[i]);
    onProgress?.(`${split} images`);
  }
  for (const set of sets) {
    const { manifest: { size }, labels } = set;
    const part = (bytes: Uint8Array) => ({ size, labels, read: readerOf(bytes, size) });
    const originals = await score(engine, networks, part(set.originals));
    const adversaries = await score(engine, networks, part(set.images));
    assessed.forEach((network, i) =>
      network.cells.push({
        member: set.manifest.members.some(({ hash }) => hash === network.hash),
        true: originals[i],
        adversarial: adversaries[i],
      })
    );
    onProgress?.(set.path);
  }
  for (const { network } of networks) network.free();
  return {
    format: "superpose-assessment",
    version: 1,
    sets: sets.map(({ path, manifest }) => ({ path, ...manifest })),
    networks: assessed,
  };
}

/** Labelled images, wherever they come from. */
interface Labelled {
  size: number;
  labels: Int32Array;
  read: ReadImages;
}

/** How many of the images each network classifies correctly. */
async function score(
  engine: Engine,
  networks: readonly TrainedNetwork[],
  { size, labels, read }: Labelled,
): Promise<Proportion[]> {
  const count = labels.length;
  if (count === 0) return networks.map(() => ({ correct: 0, count: 0 }));
  const images = await DeviceImages.upload(engine.gpu, size, count, read);
  const proportions: Proportion[] = [];
  for (const { network } of networks) {
    const predictor = await Predictor.compile(network, images);
    const predictions = argmax(await predictor.logits(), network.architecture.classes.length);
    proportions.push({ correct: countCorrect(predictions, labels), count });
    predictor.free();
  }
  images.free();
  return proportions;
}

async function source(pack: Pack, split: Split): Promise<Labelled> {
  return { size: pack.size, labels: await pack.labels(split), read: (from, to) => pack.images(split, from, to) };
}

/** The pack a set was made from, which must still be what it was. */
async function openSource({ path, manifest }: AdversarialSet): Promise<Pack> {
  const file = `${manifest.pack}/pack.json`;
  if (!await exists(file) || await sha256File(file) !== manifest.packHash) {
    throw new UserError(`${path} was made from the pack ${manifest.pack}, which is no longer there or has changed.`);
  }
  return await openPack(manifest.pack);
}
