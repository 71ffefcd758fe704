/** Writes the files of a pack into a folder that is not yet a pack's. */
import { type Crop, readSpill } from "./collect.ts";
import { sha256File, writeFileAtomic } from "./files.ts";
import { type PackInfo, type Refusal, type Split, SPLITS } from "./pack.ts";
import { writeSafetensors } from "./safetensors.ts";
import type { Balanced } from "./split.ts";

type Description = Omit<PackInfo, "format" | "version" | "counts" | "refusals" | "files"> & { refusals: Refusal[] };

/** Writes both splits and, last, `pack.json`; the pixels of crop i are the `crops[i].place`-th of the spill file. */
export async function writePack(
  folder: string,
  spill: string,
  crops: Crop[],
  chosen: Balanced,
  { refusals, ...description }: Description,
): Promise<PackInfo> {
  const files: Record<string, string> = {};
  for (const split of SPLITS) {
    const members = chosen[split].map((index) => crops[index]);
    await writeSplit(folder, split, members, chosen.classes, description.size, spill);
    for (const name of [`${split}.safetensors`, `${split}.jsonl`]) files[name] = await sha256File(`${folder}/${name}`);
  }
  const count = (split: Split) => {
    const perClass = Object.fromEntries(chosen.classes.map((id) => [id, 0]));
    for (const index of chosen[split]) perClass[crops[index].class]++;
    return perClass;
  };
  const reasons: Record<string, number> = {};
  for (const { reason } of refusals) reasons[reason] = (reasons[reason] ?? 0) + 1;
  const info: PackInfo = {
    format: "superpose-pack",
    version: 1,
    ...description,
    counts: { train: count("train"), validation: count("validation") },
    refusals: { counts: reasons, list: refusals },
    files,
  };
  await writeFileAtomic(`${folder}/pack.json`, JSON.stringify(info, null, 2) + "\n");
  return info;
}

async function writeSplit(
  folder: string,
  split: Split,
  crops: Crop[],
  classes: string[],
  size: number,
  spill: string,
): Promise<void> {
  const labels = Int32Array.from(crops, (crop) => classes.indexOf(crop.class));
  const places = crops.map(({ place }) => place);
  await writeSafetensors(`${folder}/${split}.safetensors`, {
    images: { dtype: "U8", shape: [crops.length, size, size, 3], data: readSpill(spill, places, size * size * 3) },
    labels: { dtype: "I32", shape: [crops.length], data: labels },
  });
  const lines = crops.map(({ file, box, class: id }) => JSON.stringify({ file, box, class: id }));
  await writeFileAtomic(`${folder}/${split}.jsonl`, lines.join("\n") + "\n");
}
