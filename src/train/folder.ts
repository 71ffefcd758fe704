/** The run folder as training writes it. */
import { makeFolder, readText, sha256File, writeFileAtomic } from "../data/files.ts";
import type { Pack } from "../data/pack.ts";
import { UserError } from "../errors.ts";
import type { Architecture, Network } from "../nn/network.ts";
import { exists, runFiles } from "../nn/run.ts";
import { saveWeights } from "../nn/weights.ts";
import type { EpochClock, EpochLog } from "./checkpoint.ts";
import { largestShift, optimisation, type TrainSettings } from "./settings.ts";

/** The content of `run.json`. */
export async function describe(pack: Pack, settings: TrainSettings, architecture: Architecture) {
  const { arch: _arch, width: _width, defence: { name: defence, ...strength }, ...rest } = settings;
  return {
    format: "superpose-run",
    version: 1,
    architecture,
    training: {
      pack: pack.path,
      packHash: await sha256File(`${pack.path}/pack.json`),
      defence,
      ...strength,
      ...rest,
      ...optimisation,
      augmentation: { flip: 0.5, largestShift },
    },
  };
}

/** Whether a run that is there already may be gone on with; `or restart` makes way for other settings. */
export type Resume = boolean | "or restart";

/** Makes the folder, or when resuming checks that it was begun with the same settings. */
export async function openFolder(
  out: string,
  resume: Resume,
  content: Awaited<ReturnType<typeof describe>>,
): Promise<void> {
  const file = `${out}/${runFiles.settings}`;
  if (await exists(file)) {
    if (!resume) throw new UserError(`--out ${out} already holds a run; add --resume to go on with it.`);
    const difference = differenceTo(parseJson(await readText(file), file), content);
    if (!difference) return;
    if (resume !== "or restart") throw new UserError(`--resume: ${file} was begun with ${difference}.`);
    await Deno.remove(out, { recursive: true });
  } else if (resume === true) throw new UserError(`--resume: there is no run at ${out}.`);
  await makeFolder(out);
  await writeFileAtomic(file, JSON.stringify(content, null, 2) + "\n");
}

/** The first setting in which a run differs from what it was begun with, or nothing. */
function differenceTo(old: unknown, content: unknown): string | null {
  const [begun, now] = [flatten(old), flatten(content)];
  // Runs from before there was a choice say nothing of it.
  if (!begun.has("training.precision")) begun.set("training.precision", "f32");
  // Where the pack lies may change; what is in it may not.
  for (const map of [begun, now]) map.delete("training.pack");
  for (const key of new Set([...begun.keys(), ...now.keys()])) {
    if (begun.get(key) !== now.get(key)) return `${key} ${begun.get(key)}, now it is ${now.get(key)}`;
  }
  return null;
}

/** Last and best weights and the log, each replaced in one step. */
export async function saveEpoch(out: string, network: Network, log: readonly EpochLog[]): Promise<void> {
  await saveWeights(`${out}/${runFiles.weights}`, network);
  const { validationAccuracy } = log[log.length - 1];
  if (log.slice(0, -1).every((earlier) => earlier.validationAccuracy < validationAccuracy)) {
    await saveWeights(`${out}/${runFiles.best}`, network);
  }
  await writeFileAtomic(`${out}/${runFiles.log}`, log.map((entry) => JSON.stringify(entry) + "\n").join(""));
}

/** Adds a line to the run's clock; the line of an epoch that is done again is replaced. */
export async function saveClock(out: string, clock: EpochClock): Promise<void> {
  const file = `${out}/${runFiles.clock}`;
  const lines = await exists(file) ? (await readText(file)).trimEnd().split("\n").slice(0, clock.epoch - 1) : [];
  await writeFileAtomic(file, [...lines, JSON.stringify(clock)].map((line) => line + "\n").join(""));
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`${file} is not valid JSON.`);
  }
}

function flatten(value: unknown, path = ""): Map<string, string> {
  if (typeof value !== "object" || value === null) return new Map([[path, String(value)]]);
  const entries = Object.entries(value).flatMap(([key, inner]) => [...flatten(inner, path ? `${path}.${key}` : key)]);
  return new Map(entries);
}
