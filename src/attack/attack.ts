/** The attack of an ensemble on a pack's held-out images (Seiler et al., sections III and V-C). */
import { requireRoom, sha256File } from "../data/files.ts";
import type { Pack } from "../data/pack.ts";
import { UserError } from "../errors.ts";
import { DeviceImages, readerOf } from "../nn/images.ts";
import { classesSeen } from "../nn/predict.ts";
import { checkFits, exists, openRuns } from "../nn/run.ts";
import type { Engine } from "../tensor/graph.ts";
import { type Filter, type Manifest, writeSet } from "./adversarial_set.ts";
import { type AttackSettings, craft, paperAttack } from "./craft.ts";
import type { Method } from "./method.ts";

export interface AttackOptions extends Omit<AttackSettings, "seed"> {
  /** Under which name the settings go; the iterative method by default. */
  method?: Method;
  filter: Filter;
  /** Where the set is written; the folder must not exist. */
  out: string;
  onProgress?: (done: number, total: number) => void;
}

/**
 * Attacks the validation images with an ensemble of trained networks and writes the adversarial set.
 *
 * With the filter `correct-then-wrong` only images that every member classifies correctly are attacked: the others could
 * not be kept anyway. Whether an adversary fools a member is decided on its rounded bytes.
 */
export async function attack(
  engine: Engine,
  pack: Pack,
  runs: readonly string[],
  { filter, out, onProgress, method = "i-fgsm", ...given }: AttackOptions,
): Promise<Manifest> {
  if (await exists(out)) throw new UserError(`--out ${out} exists already; remove it or choose another name.`);
  await requireRoom(out);
  const members = await openRuns(engine, runs);
  const classes = pack.classes.map(({ id }) => id);
  checkFits(members[0].path, members[0].info.architecture, { size: pack.size, classes }, pack.path);

  const settings = { ...paperAttack, ...given };
  const labels = await pack.labels("validation");
  const images = await DeviceImages.ofSplit(engine.gpu, pack, "validation");
  const networks = members.map(({ network }) => network);
  const before = await classesSeen(networks, images);
  const correct = [...labels.keys()].filter((n) => before.every((member) => member[n] === labels[n]));
  const attacked = Uint32Array.from(filter === "correct-then-wrong" ? correct : labels.keys());
  const fooling = { bytes: new Uint8Array() as Uint8Array, after: [] as Int32Array[], kept: [] as number[] };
  if (attacked.length > 0) {
    fooling.bytes = await craft(
      engine,
      networks,
      images,
      { indices: attacked, labels },
      { ...settings, seed: pack.info.seed },
      { onProgress: (done) => onProgress?.(done, attacked.length) },
    );
    const adversaries = await DeviceImages.upload(
      engine.gpu,
      pack.size,
      attacked.length,
      readerOf(fooling.bytes, pack.size),
    );
    fooling.after = await classesSeen(networks, adversaries);
    adversaries.free();
    fooling.kept = [...attacked.keys()].filter((i) =>
      filter === "none" || fooling.after.every((member) => member[i] !== labels[attacked[i]])
    );
  }
  images.free();
  for (const network of networks) network.free();

  const { bytes, after, kept } = fooling;
  const indices = Int32Array.from(kept, (i) => attacked[i]);
  const manifest: Manifest = {
    format: "superpose-set",
    version: 1,
    method,
    ...settings,
    filter,
    seed: pack.info.seed,
    pack: pack.path,
    packHash: await sha256File(`${pack.path}/pack.json`),
    split: "validation",
    size: pack.size,
    classes,
    members: members.map(({ path, info, hash }) => (
      { run: path, arch: info.architecture.arch, defence: info.training.defence, hash }
    )),
    candidates: labels.length,
    correct: correct.length,
    adversarial: kept.length,
  };
  await writeSet({
    path: out,
    manifest,
    images: pick(bytes, kept, pack.size),
    originals: pick(await pack.images("validation"), [...indices], pack.size),
    labels: Int32Array.from(indices, (n) => labels[n]),
    indices,
    before: Int32Array.from(before.flatMap((member) => [...indices].map((n) => member[n]))),
    after: Int32Array.from(after.flatMap((member) => kept.map((i) => member[i]))),
  });
  return manifest;
}

function pick(images: Uint8Array, which: readonly number[], size: number): Uint8Array {
  const each = size * size * 3;
  const picked = new Uint8Array(which.length * each);
  which.forEach((n, i) => picked.set(images.subarray(n * each, (n + 1) * each), i * each));
  return picked;
}
