/** CIFAR-10's binary version: records of one label byte and 32 × 32 pixels as a red, a green and a blue plane. */
import { parseTar } from "nanotar";
import { UserError } from "../../errors.ts";
import { readBytes, readGzip } from "../files.ts";
import type { Split } from "../pack.ts";
import { firstOf, labelId, type Labelled, planesToRgb, sourcesOf } from "./labelled.ts";
import { fileName, type Found, requireFolder } from "./source.ts";

const SIDE = 32;
const RECORD_BYTES = 1 + SIDE * SIDE * 3;
const ARCHIVE = "cifar-10-binary.tar.gz";
const FOLDER = "cifar-10-batches-bin";
const NAMES = "batches.meta.txt";
const TRAIN = [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`);
const TEST = "test_batch.bin";

/** The bytes of a file by its name, and how sentences and packs call it. */
type Open = (name: string) => Promise<{ bytes: Uint8Array; path: string; file: string }>;

/**
 * Finds the images of the five training batches (to train with) and of the test batch (to validate with) in the archive
 * as it is published, or else unpacked in cifar-10-batches-bin/ or in `from` itself; batches.meta.txt names the classes.
 * Source: A. Krizhevsky, "The CIFAR-10 dataset", "Binary version".
 * @throws UserError naming the file that is missing, damaged or at odds with the others.
 */
export async function findCifar10(from: string): Promise<Found> {
  await requireFolder(from);
  const place = await firstOf(from, [ARCHIVE, `${FOLDER}/${NAMES}`, NAMES]);
  const open = place === ARCHIVE ? await openArchive(from) : openFolder(from, place.slice(0, -NAMES.length));
  const names = await readNames(open);
  const batches: Labelled[] = [];
  for (const name of TRAIN) batches.push(await readBatch(open, name, "train", names.length));
  const uneven = batches.find(({ labels }) => labels.length !== batches[0].labels.length);
  if (uneven) {
    const counts = `${uneven.labels.length} images, but ${batches[0].file} has ${batches[0].labels.length}`;
    throw new UserError(`${from}: ${uneven.file} has ${counts}.`);
  }
  batches.push(await readBatch(open, TEST, "validation", names.length));
  return {
    sources: batches.flatMap((batch) => sourcesOf(batch, names.length)),
    refusals: [],
    names: new Map(names.map((name, label) => [labelId(label, names.length), name])),
  };
}

const openFolder = (from: string, folder: string): Open => async (name) => {
  const [file, path] = [folder + name, `${from}/${folder}${name}`];
  return { bytes: await readBytes(path), path, file };
};

async function openArchive(from: string): Promise<Open> {
  const archive = `${from}/${ARCHIVE}`;
  const unpacked = await readGzip(archive);
  const members = new Map<string, Uint8Array>();
  try {
    for (const { name, data } of parseTar(unpacked)) if (data) members.set(fileName(name), data);
  } catch {
    throw new UserError(`${archive} is damaged: there is no complete tar archive in it.`);
  }
  return (name) => {
    const bytes = members.get(name);
    if (!bytes) throw new UserError(`${archive} has no ${name} in it.`);
    return Promise.resolve({ bytes, path: `${archive}, ${name},`, file: `${FOLDER}/${name}` });
  };
}

async function readNames(open: Open): Promise<string[]> {
  const { bytes, path } = await open(NAMES);
  const names = new TextDecoder().decode(bytes).split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
  if (names.length < 2 || names.length > 256) throw new UserError(`${path} does not have one class name per line.`);
  return names;
}

async function readBatch(open: Open, name: string, split: Split, classes: number): Promise<Labelled> {
  const { bytes, path, file } = await open(name);
  if (bytes.length === 0 || bytes.length % RECORD_BYTES !== 0) {
    throw new UserError(`${path} is damaged: ${bytes.length} bytes are not so many records of ${RECORD_BYTES} bytes.`);
  }
  const record = (index: number) => bytes.subarray(index * RECORD_BYTES, (index + 1) * RECORD_BYTES);
  const labels = Uint8Array.from({ length: bytes.length / RECORD_BYTES }, (_, index) => record(index)[0]);
  const strange = labels.findIndex((label) => label >= classes);
  if (strange >= 0) {
    throw new UserError(`${path} is damaged: image ${strange} has label ${labels[strange]} of ${classes} classes.`);
  }
  const picture = (index: number) => ({ width: SIDE, height: SIDE, data: planesToRgb(record(index).subarray(1)) });
  return { file, split, labels, picture };
}
