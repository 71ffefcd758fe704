/** How each kind of step is done. */
import { assess } from "../assess/assess.ts";
import { lossRays } from "../assess/rays.ts";
import { lossSurfaces } from "../assess/surface.ts";
import { attack } from "../attack/attack.ts";
import { automaticSteps, paperAttack } from "../attack/craft.ts";
import { writeFileAtomic } from "../data/files.ts";
import { openPack } from "../data/pack.ts";
import { prepare } from "../data/prepare.ts";
import { renderReport } from "../report/report.ts";
import type { Engine } from "../tensor/graph.ts";
import { measurePace } from "../train/pace.ts";
import { train, type TrainOptions } from "../train/train.ts";
import { networksOf, setsOf, victims } from "./networks.ts";
import { studyReport } from "./report_data.ts";
import { defenceOf, type Study } from "./settings.ts";
import { packPath, type Step, type StudyPlace } from "./steps.ts";

export interface Workshop {
  engine: Engine;
  study: Study;
  place: StudyPlace;
  steps: readonly Step[];
  /** How a network's training is shown. */
  watch: (name: string) => Pick<TrainOptions, "onProgress" | "onEpoch">;
  /** How a step that counts something is shown. */
  count: (name: string, unit: string) => (done: number, total: number) => void;
}

/** Training steps that are timed together for Table I. */
const timedSteps = 3;

/** Does one step; what an earlier go at it left behind is replaced, or gone on with where it is of use. */
export async function makeStep(step: Step, workshop: Workshop): Promise<void> {
  const { engine, study, place, watch, count } = workshop;
  const { out } = place;
  const target = `${out}/${step.name}`;
  await removeLeftovers(target);
  if (step.task.kind === "pack") return await makePack(study, place);
  const pack = await openPack(packPath(place));
  const run = (name: string) => `${out}/networks/${name}`;
  const save = (file: string, content: unknown) =>
    writeFileAtomic(`${out}/${file}`, JSON.stringify(content, null, 2) + "\n");
  const [{ arch, width }] = study.architectures;
  const shown = (kinds: readonly string[]) => kinds.map((kind) => run(victims(study, arch, kind)[0].name));

  switch (step.task.kind) {
    case "network": {
      const { name, arch, width, defence, seed } = step.task.network;
      const settings = { arch, width, defence, seed, ...study.training, precision: "f32" as const };
      await train(engine, pack, settings, { out: run(name), resume: "or restart", ...watch(step.name) });
      break;
    }
    case "set": {
      const { members, epsilon } = step.task.set;
      await Deno.mkdir(`${out}/sets`, { recursive: true });
      await Deno.remove(target, { recursive: true }).catch(() => {});
      await attack(engine, pack, members.map(({ name }) => run(name)), {
        ...paperAttack,
        out: target,
        epsilon,
        step: 1,
        steps: automaticSteps(epsilon),
        filter: "correct-then-wrong",
        onProgress: count(step.name, "images"),
      });
      break;
    }
    case "assessment": {
      const { name } = step.task.network;
      await Deno.mkdir(target, { recursive: true });
      const sets = setsOf(study).map(({ name }) => `${out}/sets/${name}`);
      return await save(`${step.name}/assessment.json`, await assess(engine, sets, [run(name)]));
    }
    case "surfaces": {
      const reference = run(networksOf(study)[0].name);
      return await save("surfaces.json", await lossSurfaces(engine, pack, { reference, runs: shown(study.surfaces) }));
    }
    case "rays":
      return await save("rays.json", await lossRays(engine, pack, { runs: shown(study.rays), seed: study.seed }));
    case "pace": {
      const defences = study.pace.map((kind) => ({ name: kind, defence: defenceOf(study, kind) }));
      const settings = { arch, width, ...study.training, seed: study.seed };
      const options = { steps: timedSteps, onProgress: count(step.name, "timings") };
      return await save("pace.json", await measurePace(engine, pack, settings, defences, options));
    }
    case "report":
      return await writeFileAtomic(`${out}/report.html`, await renderReport(await studyReport(workshop)));
  }
}

async function makePack(study: Study, { out, data }: StudyPlace): Promise<void> {
  if (data !== undefined || study.drawn === null) return;
  await prepare({ layout: "drawn", out: `${out}/pack`, ...study.drawn, validation: 0.2, seed: study.seed, minSide: 8 });
}

/** Temporary files of a process that was killed: beside what a step makes, and in it. */
async function removeLeftovers(target: string): Promise<void> {
  const cut = target.lastIndexOf("/");
  const [folder, name] = [target.slice(0, cut), target.slice(cut + 1)];
  for (const [place, prefix] of [[folder, `${name}.`], [target, ""]]) {
    for (const entry of await Array.fromAsync(Deno.readDir(place)).catch(() => [])) {
      // Beside it, no name with more in between: that may be another set's, which another shard is writing.
      const rest = entry.name.startsWith(prefix) ? entry.name.slice(prefix.length) : "";
      const leftover = place === target ? rest.endsWith(".tmp") : /^[0-9a-f]{8}\.tmp$/.test(rest);
      if (leftover) await Deno.remove(`${place}/${entry.name}`, { recursive: true });
    }
  }
}
