/** A study as a whole: its settings, its folder and its steps. */
import { openPack } from "../data/pack.ts";
import { UserError } from "../errors.ts";
import type { Engine } from "../tensor/graph.ts";
import type { presets } from "./presets.ts";
import { Records } from "./records.ts";
import { appendClock } from "./clock.ts";
import { makeStep, type Workshop } from "./make.ts";
import { claimFolder, needed, type Outcome, type RunOptions, runSteps } from "./run.ts";
import { readStudy, type Study } from "./settings.ts";
import { type Images, type Step, stepsOf, type StudyPlace } from "./steps.ts";

export interface StudyOptions extends StudyPlace {
  preset: keyof typeof presets;
  /** A JSON file with settings that replace the preset's. */
  settings?: string;
  /** Only this step, and what it needs. */
  only?: string;
}

export interface OpenedStudy {
  study: Study;
  place: StudyPlace;
  /** Those to be done or looked after, in order; with `only` not all there are. */
  steps: Step[];
  images: Images;
  records: Records;
}

/** Plans a study. Nothing is written but the folder itself and its settings, and with `dry` not even these. */
export async function openStudy(options: StudyOptions, { dry = false } = {}): Promise<OpenedStudy> {
  const { preset, settings, only, out, data, command } = options;
  const study = await readStudy(preset, settings);
  if (data === undefined && study.drawn === null) throw new UserError(`--preset ${preset} needs --data.`);
  const images = await imagesOf(study, data);
  const place = { out, data, command };
  const all = stepsOf(study, place, images);
  const steps = only === undefined ? all : needed(all, only);
  if (!dry) await claimFolder(out, { preset, data, ...study });
  return { study, place, steps, images, records: new Records(out) };
}

async function imagesOf({ drawn }: Study, data?: string): Promise<Images> {
  if (data === undefined) {
    const { size, classes, perClass } = drawn!;
    const validation = Math.round(perClass * 0.2) * classes;
    return { size, classes, train: perClass * classes - validation, validation };
  }
  const pack = await openPack(data);
  if (pack.size < 32) throw new UserError(`--data ${data} holds images of ${pack.size} pixels; networks need 32.`);
  const [train, validation] = [pack.count("train"), pack.count("validation")];
  return { size: pack.size, classes: pack.classes.length, train, validation };
}

export interface StudyOutcome extends Outcome {
  /** Where the report is, once it is made. */
  report: string;
  seconds: number;
}

/** Does what is not up to date and keeps the time each step took in `clock.jsonl`. */
export async function doStudy(
  engine: Engine,
  { study, place, steps, records }: OpenedStudy,
  { onStep, shard, watch, count }: RunOptions & Pick<Workshop, "watch" | "count">,
): Promise<StudyOutcome> {
  const workshop = { engine, study, place, steps, watch, count };
  const begun = performance.now();
  const secondsSince = (start: number) => (performance.now() - start) / 1000;
  const make = async (step: Step) => {
    const started = performance.now();
    await makeStep(step, workshop);
    await appendClock(place.out, { step: step.name, seconds: secondsSince(started), adapter: engine.gpu.name });
  };
  const outcome = await runSteps(steps, records, make, { shard, onStep });
  return { ...outcome, report: `${place.out}/report.html`, seconds: secondsSince(begun) };
}
