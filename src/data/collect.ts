/** Runs all photographs through the workers and gathers their crops, the pixels in a file on disk. */
import { type Cut, type CutSettings } from "./cut.ts";
import { openToRead, writeAll } from "./files.ts";
import type { Refusal, Split } from "./pack.ts";
import type { Box } from "./picture.ts";
import { batches, runJobs } from "./pool.ts";
import type { Found, Source } from "./readers/source.ts";

/** One usable crop; its pixels are the `place`-th of the spill file. */
export interface Crop {
  /** Path of the image, relative to the source's root. */
  file: string;
  box: Box;
  class: string;
  /** Equal for crops of the same photograph, also of its copies. */
  photograph: number;
  /** The side it has to be on, where the set's authors have split it. */
  split?: Split;
  place: number;
}

/** Photographs per message to a worker. */
const BATCH = 8;

/**
 * Cuts up everything that was found. Pixels go to the file `spill`, since the crops of a large set do not fit into
 * memory. Crops and refusals come in the order of the sources, however many workers there are.
 */
export async function collect(
  root: string,
  found: Found,
  settings: CutSettings,
  spill: string,
  workers: number,
  onProgress: (done: number, total: number) => void,
): Promise<{ crops: Crop[]; refusals: Refusal[] }> {
  const { size, minSide } = settings;
  const groups = batches(found.sources, BATCH);
  const cuts: (Omit<Cut, "pixels"> & { place: number })[][] = [];
  const file = await Deno.open(spill, { write: true, createNew: true });
  let place = 0, done = 0;
  let writing = Promise.resolve();
  const receive = (batch: Cut[], job: number): Promise<void> => {
    cuts[job] = batch.map(({ crops, refusals, sha256 }) => {
      const first = place;
      place += crops.length;
      return { crops, refusals, sha256, place: first };
    });
    onProgress(done += batch.length, found.sources.length);
    writing = writing.then(async () => {
      for (const { pixels } of batch) await writeAll(file, pixels);
    });
    return writing;
  };
  try {
    const jobs = groups.map((sources) => ({ kind: "cut" as const, root, settings: { size, minSide }, sources }));
    await runJobs(jobs, workers, receive);
  } finally {
    file.close();
  }
  return gather(found, cuts.flat());
}

function gather(found: Found, cuts: (Omit<Cut, "pixels"> & { place: number })[]) {
  const refusals = [...found.refusals];
  const crops: Crop[] = [];
  const photographs = identify(found.sources, cuts.map(({ sha256 }) => sha256));
  const seen = new Set<string>();
  cuts.forEach((cut, index) => {
    const { image: file, split } = found.sources[index];
    for (const refusal of cut.refusals) refusals.push(refusal);
    cut.crops.forEach(({ object, class: id, box }, offset) => {
      const key = JSON.stringify([cut.sha256, box, id]);
      // What its authors have split is taken as it is, copies included: results are compared with those of others.
      if (seen.has(key) && split === undefined) {
        refusals.push({ file, reason: "duplicate", object: object + 1, detail: `${id} at ${box}` });
      } else crops.push({ file, box, class: id, photograph: photographs[index], split, place: cut.place + offset });
      seen.add(key);
    });
  });
  return { crops, refusals };
}

/** A number for each source, the same when the reader's key or the bytes are the same (also by way of a third one). */
function identify(sources: Source[], hashes: string[]): number[] {
  const parent = sources.map((_, index) => index);
  const root = (index: number): number => {
    while (parent[index] !== index) index = parent[index] = parent[parent[index]];
    return index;
  };
  const first = new Map<string, number>();
  sources.forEach(({ photograph }, index) => {
    for (const key of [`key ${photograph}`, `bytes ${hashes[index]}`]) {
      const other = first.get(key) ?? index;
      first.set(key, other);
      const [a, b] = [root(other), root(index)];
      parent[Math.max(a, b)] = Math.min(a, b);
    }
  });
  return sources.map((_, index) => root(index));
}

/** Crop pixels of the spill file, each of `bytes` bytes, in the order of `places`. */
export async function* readSpill(spill: string, places: number[], bytes: number): AsyncGenerator<Uint8Array> {
  const file = await openToRead(spill);
  try {
    const group = 256;
    for (let from = 0; from < places.length; from += group) {
      const wanted = places.slice(from, from + group);
      const pixels = new Uint8Array(wanted.length * bytes);
      wanted.forEach((place, index) => {
        file.seekSync(place * bytes, Deno.SeekMode.Start);
        const crop = pixels.subarray(index * bytes, (index + 1) * bytes);
        for (let filled = 0; filled < bytes;) {
          const count = file.readSync(crop.subarray(filled));
          if (count === null) throw new Error(`${spill} has no crop ${place}`);
          filled += count;
        }
      });
      yield pixels;
    }
  } finally {
    file.close();
  }
}
