/** A study as a list of steps: what each reads, what decides its outcome, what it makes, what it costs. */
import { automaticSteps } from "../attack/craft.ts";
import type { Architecture } from "../nn/network.ts";
import { passesOf } from "../train/passes.ts";
import { defenceFlags } from "./flags.ts";
import { networksOf, setsOf, type StudyNetwork, type StudySet, victims } from "./networks.ts";
import { base, type Study } from "./settings.ts";

/** In the order they are done; steps of one stage do not need each other. */
export const stages = ["data", "networks", "sets", "assessments", "figures", "report"] as const;
export type Stage = typeof stages[number];

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
  const { out, command } = place;
  const pack = packPath(place);
  const { training, seed } = study;
  const networks = networksOf(study);
  const sets = setsOf(study);
  const path = (stage: Stage, name: string) => `${stage}/${name}`;
  const folder = (stage: Stage, names: { name: string }[]) =>
    names.map(({ name }) => `${out}/${path(stage, name)}`).join(",");
  const only = (name: string) => `${command} --only ${name}`;

  const drawing = { layout: "drawn", ...study.drawn, seed };
  const packStep: Step = {
    name: "pack",
    stage: "data",
    task: { kind: "pack" },
    after: [],
    settings: place.data === undefined ? drawing : {},
    outputs: [`${pack}/pack.json`],
    work: {},
    command: place.data === undefined
      ? `deno task prepare --layout drawn --size ${drawing.size} --classes ${drawing.classes} --per-class ${drawing.perClass} --seed ${seed} --out ${pack}`
      : "given with --data",
  };

  const training_ = networks.map((network): Step => {
    const { name, arch, width, defence, seed } = network;
    const { forward, backward } = passesOf(defence);
    const { epochs, batch, learningRate } = training;
    return {
      name: path("networks", name),
      stage: "networks",
      task: { kind: "network", network },
      after: ["pack"],
      settings: { arch, width, defence, seed, ...training },
      outputs: ["weights.safetensors", "log.jsonl"].map((file) => `${out}/networks/${name}/${file}`),
      // Back through the layers costs once for the images and once for the weights; crafting needs the first only.
      work: { [arch]: (forward + backward + 1) * epochs * images.train },
      command:
        `deno task train --data ${pack} --arch ${arch} --width ${width}${defenceFlags(defence)} --epochs ${epochs} ` +
        `--batch ${batch} --lr ${learningRate} --seed ${seed} --out ${out}/networks/${name}`,
    };
  });

  const attacks = sets.map((set): Step => {
    const { name, members, epsilon } = set;
    const work: Work = {};
    for (const { arch } of members) work[arch] = (work[arch] ?? 0) + 2 * automaticSteps(epsilon) * images.validation;
    return {
      name: path("sets", name),
      stage: "sets",
      task: { kind: "set", set },
      after: ["pack", ...members.map(({ name }) => path("networks", name))],
      settings: { epsilon },
      outputs: ["set.json", "set.safetensors"].map((file) => `${out}/sets/${name}/${file}`),
      work,
      command: `deno task attack --data ${pack} --models ${folder("networks", members)} --epsilon ${epsilon} ` +
        `--out ${out}/sets/${name}`,
    };
  });

  const assessments = networks.map((network): Step => ({
    name: path("assessments", network.name),
    stage: "assessments",
    task: { kind: "assessment", network },
    after: ["pack", path("networks", network.name), ...sets.map(({ name }) => path("sets", name))],
    settings: {},
    outputs: [`${out}/assessments/${network.name}.json`],
    work: { [network.arch]: images.train + images.validation * (1 + sets.length) },
    command: `deno task assess --sets ${folder("sets", sets)} --models ${out}/networks/${network.name}`,
  }));

  const [{ arch: first, width }] = study.architectures;
  const shown = (kinds: string[]) => kinds.map((kind) => path("networks", victims(study, first, kind)[0].name));
  const figure = (name: "surfaces" | "rays", kinds: string[], more: string[], passes: number): Step[] =>
    kinds.length === 0 ? [] : [{
      name,
      stage: "figures",
      task: { kind: name },
      after: ["pack", ...more, ...shown(kinds)],
      settings: { kinds, seed },
      outputs: [`${out}/${name}.json`],
      work: { [first]: passes * kinds.length },
      command: only(name),
    }];
  const pace: Step[] = study.pace.length === 0 ? [] : [{
    name: "pace",
    stage: "figures",
    task: { kind: "pace" },
    after: ["pack"],
    settings: { arch: first, width, defences: study.pace.map((kind) => study.defences[kind] ?? base), ...training },
    outputs: [`${out}/pace.json`],
    work: {},
    command: only("pace"),
  }];
  const figures = [
    ...figure("surfaces", study.surfaces, [path("networks", networks[0].name)], 33 * 41),
    ...figure("rays", study.rays, [], 128 * 65),
    ...pace,
  ];

  const before = [packStep, ...training_, ...attacks, ...assessments, ...figures];
  return [...before, {
    name: "report",
    stage: "report",
    task: { kind: "report" },
    after: before.map(({ name }) => name),
    settings: { study, command },
    outputs: [`${out}/report.html`],
    work: {},
    command,
  }];
}
