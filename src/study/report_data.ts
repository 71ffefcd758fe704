/** From a study's folder to the plain data its report shows. */
import { openPack, type Pack } from "../data/pack.ts";
import { epochsUntil } from "../report/table1.ts";
import type { ReportData } from "../report/report.ts";
import { largestShift, optimisation } from "../train/settings.ts";
import { readClock } from "./clock.ts";
import type { Workshop } from "./make.ts";
import { victims } from "./networks.ts";
import { crops, examples, mixtures, validationPicture } from "./pictures.ts";
import { classes, strongest, table2, table3, transfer } from "./resilience_data.ts";
import { readResults, type Results } from "./results.ts";
import { base, defenceOf, type Study } from "./settings.ts";
import { packPath, type Step } from "./steps.ts";
import { architectureTitles, shortTitle } from "./titles.ts";

/** Collects the report's data; the engine itself computes what the pictures show. */
export async function studyReport({ engine, study, place, steps }: Workshop): Promise<ReportData> {
  const { out, command } = place;
  const pack = await openPack(packPath(place));
  const results = await readResults(study, out);
  const [{ arch }] = study.architectures;
  const outsider = victims(study, arch, base)[0].name;
  const hardest = results.sets[strongest(study, results, arch).pop()!];
  const clock = await readClock(out);
  const adapter = engine.gpu.name;
  return {
    title: "How resilient are these networks?",
    command,
    created: new Date().toISOString().slice(0, 16).replace("T", " ") + " UTC",
    adapter,
    examples: await examples(engine, pack, hardest.path, { name: outsider, run: `${out}/networks/${outsider}` }),
    mixes: await mixtures(engine, pack, study.seed),
    crops: await crops(pack),
    pace: paceTable(study, results),
    curves: results.networks.filter((network) => network.arch === arch).map(({ defence, log }) => ({
      name: shortTitle(defence),
      points: log.map(({ epoch, validationAccuracy }) => ({ epoch, accuracy: validationAccuracy })),
    })),
    table2: table2(study, results),
    table3: table3(study, results),
    transfer: transfer(study, results),
    classes: classes(study, results, pack.classes.map(({ name }) => name)),
    surfaces: await surfaces(study, pack, results),
    rays: results.rays && {
      images: results.rays.images.length,
      classes: pack.classes.length,
      rays: results.rays.rays.map(({ points }, i) => ({ name: shortTitle(defenceOf(study, study.rays[i])), points })),
    },
    timings: steps.flatMap(({ name }) => clock.has(name) ? [[name, clock.get(name)!.seconds] as [string, number]] : []),
    settings: settingsOf(study, pack, results),
    commands: commands(study, results, steps),
  };
}

/** Table I; the time until an accuracy counts the epochs of the first network of each kind that is in no ensemble. */
function paceTable(study: Study, { pace, networks }: Results): ReportData["pace"] {
  if (!pace) return null;
  const [{ arch }] = study.architectures;
  const rows = pace.rows.flatMap(({ name: kind, passes, secondsPerEpoch, imagesPerSecond }) => {
    const [victim] = victims(study, arch, kind);
    const accuracies = networks.find(({ name }) => name === victim.name)!.log.map((entry) => entry.validationAccuracy);
    return [{
      title: shortTitle(defenceOf(study, kind)),
      ...passes,
      secondsPerEpoch,
      imagesPerSecond,
      best: Math.max(...accuracies),
      epochsUntil: epochsUntil(accuracies, study.thresholds),
    }];
  });
  return { thresholds: study.thresholds, rows };
}

async function surfaces(study: Study, pack: Pack, { surfaces, networks }: Results): Promise<ReportData["surfaces"]> {
  if (!surfaces) return null;
  const { image, label, first, second } = surfaces;
  return {
    reference: networks[0].name,
    label: pack.classes[label].name,
    original: await validationPicture(pack, image),
    first,
    second,
    panels: surfaces.surfaces.map(({ losses, predicted }, i) => ({
      name: shortTitle(defenceOf(study, study.surfaces[i])),
      losses,
      correct: predicted.map((seen) => seen === label),
    })),
  };
}

/** Which steps made what each section shows, as commands. */
function commands(study: Study, { sets }: Results, steps: readonly Step[]): ReportData["commands"] {
  const [{ arch }] = study.architectures;
  const all = (kinds: readonly Step["stage"][], names?: readonly string[]) =>
    steps.filter(({ stage, name }) => kinds.includes(stage) && (!names || names.includes(name))).map((s) => s.command);
  const named = (...names: string[]) => all(["data", "figures"], names);
  const training = steps.filter(({ task }) => task.kind === "network" && task.network.arch === arch)
    .map(({ command }) => command);
  const strong = strongest(study, { sets }, arch).map((i) => `sets/${sets[i].name}`);
  const attacks = all(["sets"], strong);
  const everything = all(["networks", "sets", "assessments"]);
  return {
    examples: attacks.slice(-1),
    mixes: named("pack"),
    crops: named("pack"),
    pace: named("pace"),
    curves: training,
    table2: [...training, ...attacks, ...all(["assessments"])],
    table3: everything,
    transfer: everything,
    classes: [...training, ...attacks.slice(-1), ...all(["assessments"])],
    surfaces: named("surfaces"),
    rays: named("rays"),
  };
}

function settingsOf(study: Study, pack: Pack, { networks, assessment }: Results): ReportData["settings"] {
  const { seed, validation, minSide, source } = pack.info;
  const { epochs, batch, learningRate } = study.training;
  const [{ step, filter }] = assessment.sets;
  const attacks = [...new Map(assessment.sets.map(({ epsilon, steps }) => [epsilon, steps]))];
  return [
    {
      group: "Data",
      entries: [
        ["layout", source.layout],
        ["image size", `${pack.size} × ${pack.size} pixels`],
        ["classes", String(pack.classes.length)],
        ["training images", String(pack.count("train"))],
        ["validation images", `${pack.count("validation")} (share ${validation}, split by photograph)`],
        ["smallest box side", `${minSide} pixels`],
        ["seed", String(seed)],
      ],
    },
    {
      group: "Training",
      entries: [
        ...study.architectures.map(({ arch, width }): [string, string] => [architectureTitles[arch], `width ${width}`]),
        ["epochs", String(epochs)],
        ["batch", `${batch} images`],
        ["learning rate", `${learningRate}, falling as half a ${optimisation.schedule}`],
        ["momentum, weight decay", `${optimisation.momentum}, ${optimisation.weightDecay}`],
        ["augmentation", `mirrored half the time, shifted by up to ${pack.size * largestShift} pixels`],
      ],
    },
    {
      group: "Defences",
      entries: networks.filter(({ defence }) => defence.name !== "none").map(({ name, defence, seed }) => {
        const { name: _, ...strength } = defence;
        return [name, `${JSON.stringify(strength).replace(/["{}]/g, "").replace(/,/g, ", ")}, seed: ${seed}`];
      }),
    },
    {
      group: "Attack",
      entries: [
        ["method", "gradient ensemble (eq. 2–3)"],
        ["step", String(step)],
        ["iterations", attacks.map(([epsilon, steps]) => `${steps} for ε = ${epsilon}`).join(", ")],
        ["filter", filter],
        ["ensembles", `the first ${study.ensembles.join(", ")} unprotected networks of an architecture`],
        ...(study.combined > 0 ? [["combined", `${study.combined} of each architecture`] as [string, string]] : []),
      ],
    },
  ];
}
