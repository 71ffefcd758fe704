/** The networks and the adversarial sets of a study (Seiler et al., section V-C). */
import type { Architecture } from "../nn/network.ts";
import type { DefenceSettings } from "../train/settings.ts";
import { base, defenceOf, type Study } from "./settings.ts";

export interface StudyNetwork {
  /** Unique: architecture, kind and seed. */
  name: string;
  arch: Architecture["arch"];
  width: number;
  /** `base` or the name of a defence. */
  kind: string;
  defence: DefenceSettings;
  seed: number;
}

export interface StudySet {
  /** Unique: whose networks, how many, ε. */
  name: string;
  /** The architecture of its members, or `combined`. */
  from: Architecture["arch"] | "combined";
  members: StudyNetwork[];
  epsilon: number;
}

/** Unprotected networks of each architecture that may be in an ensemble; the ones behind them are victims only. */
export function membersOf({ ensembles, combined }: Study): number {
  return Math.max(...ensembles, combined);
}

/** All networks: for each architecture those of the ensembles, then the victims of every kind, which share their seeds. */
export function networksOf(study: Study): StudyNetwork[] {
  const members = membersOf(study);
  return study.architectures.flatMap(({ arch, width, defences }) => {
    const network = (kind: string, number: number): StudyNetwork => {
      const seed = study.seed + number;
      return { name: `${arch}-${kind}-${seed}`, arch, width, kind, defence: defenceOf(study, kind), seed };
    };
    const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
    return [
      ...numbers(members + study.victims).map((i) => network(base, i)),
      ...defences.flatMap((kind) => numbers(study.victims).map((i) => network(kind, members + i))),
    ];
  });
}

/** All sets: ensembles of every size for each architecture, then those with members of every architecture. */
export function setsOf(study: Study): StudySet[] {
  const networks = networksOf(study);
  const first = (arch: Architecture["arch"], count: number) =>
    networks.filter((network) => network.arch === arch && network.kind === base).slice(0, count);
  const archs = study.architectures.map(({ arch }) => arch);
  const ensembles = archs.flatMap((arch) =>
    study.ensembles.map((size): Pick<StudySet, "from" | "members"> => ({ from: arch, members: first(arch, size) }))
  );
  if (study.combined > 0) {
    ensembles.push({ from: "combined", members: archs.flatMap((arch) => first(arch, study.combined)) });
  }
  return ensembles.flatMap(({ from, members }) =>
    study.epsilons.map((epsilon) => ({ name: `${from}-${members.length}-e${epsilon}`, from, members, epsilon }))
  );
}

/** The networks of a kind that are in no ensemble. */
export function victims(study: Study, arch: Architecture["arch"], kind: string): StudyNetwork[] {
  const first = study.seed + membersOf(study);
  return networksOf(study).filter((network) => network.arch === arch && network.kind === kind && network.seed >= first);
}
