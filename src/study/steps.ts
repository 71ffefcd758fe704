/** A study as a list of steps: what each reads, what decides its outcome, what it makes, what it costs. */
import { automaticSteps } from "../attack/craft.ts";
import type { Architecture } from "../nn/network.ts";
import { passesOf, passesToWeights } from "../train/passes.ts";
import { defenceFlags } from "./flags.ts";
import { networksOf, setsOf, type StudyNetwork, type StudySet, victims } from "./networks.ts";
import { defenceOf, type Study } from "./settings.ts";

/** In the order they are done; steps of one stage do not need each other. */
export type Stage = "data" | "networks" | "sets" | "assessments" | "figures" | "report";

/** What a step is to do; `make.ts` knows how. */
export type Task =
  | { kind: "pack" }
  | { kind: "network"; network: StudyNetwork }
  | { kind: "set"; set: StudySet }
  | { kind: "assessment"; network: StudyNetwork }
  | { kind: "surfaces" | "rays" | "pace" | "report" };

/** How often a step sends an image through a network of each architecture, forward or backward, by estimate. */
export type Work = Partial<Record<Architecture["arch"], number>>;

export interface Step {
  /** Unique; what it makes lies under this name in the study's folder. */
  name: string;
  stage: Stage;
  task: Task;
  /** Names of the steps whose outputs it reads. */
  after: string[];
  /** All that decides its outcome, besides what it reads. */
  settings: unknown;
  /** The files that others read. */
  outputs: string[];
  work: Work;
  /** What does the same by hand. */
  command: string;
}

export interface StudyPlace {
  /** The study's folder. */
  out: string;
  /** A pack that is there already; without one the study draws its own. */
  data?: string;
  /** The command of the whole study, to which `--only` is added. */
  command: string;
}

/** Images of a study's pack; before it is made, as many as it will have. */
export interface Images {
  /** Pixels a side. */
  size: number;
  classes: number;
  train: number;
  validation: number;
}

export const packPath = ({ out, data }: Pick<StudyPlace, "out" | "data">): string => data ?? `${out}/pack`;

/** All steps of a study, each behind those it needs. */
export function stepsOf(study: Study, place: StudyPlace, images: Images): Step[] {
  const before = [
    packStep(study, place),
    ...networksOf(study).map((network) => networkStep(study, place, images, network)),
    ...setsOf(study).map((set) => setStep(place, images, set)),
    ...networksOf(study).map((network) => assessmentStep(study, place, images, network)),
    ...figureSteps(study, place),
  ];
  return [...before, {
    name: "report",
    stage: "report",
    task: { kind: "report" },
    after: before.map(({ name }) => name),
    settings: { study, command: place.command },
    outputs: [`${place.out}/report.html`],
    work: {},
    command: place.command,
  }];
}

/** The folder of a network or a set, as later steps name it. */
const pathOf = ({ out }: StudyPlace, stage: Stage, { name }: { name: string }) => `${out}/${stage}/${name}`;
const pathsOf = (place: StudyPlace, stage: Stage, all: readonly { name: string }[]) =>
  all.map((each) => pathOf(place, stage, each)).join(",");

function packStep({ drawn, seed }: Study, place: StudyPlace): Step {
  const step = { name: "pack", stage: "data", task: { kind: "pack" }, after: [], work: {} } as const;
  const outputs = [`${packPath(place)}/pack.json`];
  if (place.data !== undefined || drawn === null) {
    return { ...step, after: [], outputs, settings: {}, command: "given with --data" };
  }
  const { size, classes, perClass } = drawn;
  return {
    ...step,
    after: [],
    outputs,
    settings: { layout: "drawn", ...drawn, seed },
    command: `deno task prepare --layout drawn --size ${size} --classes ${classes} --per-class ${perClass} ` +
      `--seed ${seed} --out ${packPath(place)}`,
  };
}

function networkStep({ training }: Study, place: StudyPlace, images: Images, network: StudyNetwork): Step {
  const { arch, width, defence, seed } = network;
  const { epochs, batch, learningRate } = training;
  const { forward, backward } = passesOf(defence);
  const run = pathOf(place, "networks", network);
  return {
    name: `networks/${network.name}`,
    stage: "networks",
    task: { kind: "network", network },
    after: ["pack"],
    settings: { arch, width, defence, seed, ...training },
    outputs: ["weights.safetensors", "log.jsonl"].map((file) => `${run}/${file}`),
    // Back through the layers costs once for the images and once for the weights; crafting needs the first only.
    work: { [arch]: (forward + backward + passesToWeights(defence)) * epochs * images.train },
    command: `deno task train --data ${packPath(place)} --arch ${arch} --width ${width}${defenceFlags(defence)} ` +
      `--epochs ${epochs} --batch ${batch} --lr ${learningRate} --seed ${seed} --out ${run}`,
  };
}

function setStep(place: StudyPlace, images: Images, set: StudySet): Step {
  const { name, members, epsilon } = set;
  const path = pathOf(place, "sets", set);
  const work: Work = {};
  for (const { arch } of members) work[arch] = (work[arch] ?? 0) + 2 * automaticSteps(epsilon) * images.validation;
  return {
    name: `sets/${name}`,
    stage: "sets",
    task: { kind: "set", set },
    after: ["pack", ...members.map(({ name }) => `networks/${name}`)],
    settings: { epsilon },
    outputs: ["set.json", "set.safetensors"].map((file) => `${path}/${file}`),
    work,
    command: `deno task attack --data ${packPath(place)} --models ${pathsOf(place, "networks", members)} ` +
      `--epsilon ${epsilon} --out ${path}`,
  };
}

function assessmentStep(study: Study, place: StudyPlace, images: Images, network: StudyNetwork): Step {
  const sets = setsOf(study);
  const path = pathOf(place, "assessments", network);
  return {
    name: `assessments/${network.name}`,
    stage: "assessments",
    task: { kind: "assessment", network },
    after: ["pack", `networks/${network.name}`, ...sets.map(({ name }) => `sets/${name}`)],
    // Their order is that of the table's columns.
    settings: { sets: sets.map(({ name }) => name) },
    outputs: [`${path}/assessment.json`],
    work: { [network.arch]: images.train + images.validation * (1 + sets.length) },
    command: `deno task assess --sets ${pathsOf(place, "sets", sets)} --models ${pathOf(place, "networks", network)} ` +
      `--out ${path}`,
  };
}

/** Figs. 5 and 6 and Table I, all of the first architecture. */
function figureSteps(study: Study, { out, command }: StudyPlace): Step[] {
  const { surfaces, rays, pace, training, seed, architectures: [{ arch, width }] } = study;
  const step = (kind: "surfaces" | "rays" | "pace", reads: readonly string[], settings: unknown, work: Work): Step => ({
    name: kind,
    stage: "figures",
    task: { kind },
    after: ["pack", ...reads.map((name) => `networks/${name}`)],
    settings,
    outputs: [`${out}/${kind}.json`],
    work,
    command: `${command} --only ${kind}`,
  });
  const shown = (kinds: readonly string[]) => kinds.map((kind) => victims(study, arch, kind)[0].name);
  const reference = networksOf(study)[0].name;
  const points = { surfaces: 33 * 41, rays: 128 * 65 };
  const timed = { arch, width, defences: pace.map((kind) => defenceOf(study, kind)), ...training };
  return [
    step("surfaces", [reference, ...shown(surfaces)], { kinds: surfaces }, {
      [arch]: points.surfaces * surfaces.length,
    }),
    step("rays", shown(rays), { kinds: rays, seed }, { [arch]: points.rays * rays.length }),
    step("pace", [], timed, {}),
  ].filter(({ name }) => study[name as "surfaces" | "rays" | "pace"].length > 0);
}
