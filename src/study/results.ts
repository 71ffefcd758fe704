/** What a study has found, read from its folder. */
import { type Assessment, merge } from "../assess/assess.ts";
import { readAssessment } from "../assess/read.ts";
import { type Rays, raysSchema } from "../assess/rays.ts";
import { type Surfaces, surfacesSchema } from "../assess/surface.ts";
import { readText } from "../data/files.ts";
import { runFiles } from "../nn/run.ts";
import { type EpochLog, epochSchema } from "../train/checkpoint.ts";
import { type Pace, paceSchema } from "../train/pace.ts";
import { networksOf, setsOf, type StudyNetwork, type StudySet } from "./networks.ts";
import type { Study } from "./settings.ts";

export interface Results {
  networks: (StudyNetwork & { run: string; log: EpochLog[] })[];
  /** In the order of the assessment's. */
  sets: (StudySet & { path: string })[];
  /** Every network on every set. */
  assessment: Assessment;
  /** Null where the study leaves them out. */
  surfaces: Surfaces | null;
  rays: Rays | null;
  pace: Pace | null;
}

export async function readResults(study: Study, out: string): Promise<Results> {
  const networks: Results["networks"] = [];
  const assessments: Assessment[] = [];
  const json = async (file: string) => JSON.parse(await readText(`${out}/${file}`));
  for (const network of networksOf(study)) {
    const run = `${out}/networks/${network.name}`;
    const lines = (await readText(`${run}/${runFiles.log}`)).trimEnd().split("\n");
    networks.push({ ...network, run, log: lines.map((line) => epochSchema.parse(JSON.parse(line))) });
    assessments.push(await readAssessment(`${out}/assessments/${network.name}/assessment.json`));
  }
  return {
    networks,
    sets: setsOf(study).map((set) => ({ ...set, path: `${out}/sets/${set.name}` })),
    assessment: merge(assessments),
    surfaces: study.surfaces.length > 0 ? surfacesSchema.parse(await json("surfaces.json")) : null,
    rays: study.rays.length > 0 ? raysSchema.parse(await json("rays.json")) : null,
    pace: study.pace.length > 0 ? paceSchema.parse(await json("pace.json")) : null,
  };
}
