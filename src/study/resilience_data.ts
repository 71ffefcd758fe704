/** Tables II and III, the transfer matrix and the results by class, picked out of the assessment of everything. */
import type { AssessedNetwork } from "../assess/assess.ts";
import type { Architecture } from "../nn/network.ts";
import type { ClassResults } from "../report/classes.ts";
import { pixels } from "../report/format.ts";
import type { Transfer } from "../report/transfer.ts";
import type { AdversarialSet, Resilience, ResilienceRow } from "../report/resilience.ts";
import { victims } from "./networks.ts";
import type { Results } from "./results.ts";
import { base, defenceOf, type Study } from "./settings.ts";
import { architectureTitles, shortTitle, titleOf } from "./titles.ts";

const counted = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"];
const models = (count: number) => `${counted[count] ?? count} model${count === 1 ? "" : "s"}`;
const titleOfSets = (from: Architecture["arch"] | "combined") =>
  from === "combined" ? "Combined" : architectureTitles[from];

/** Table II: the first architecture's kinds on the sets of its own ensembles. */
export function table2(study: Study, results: Results): Resilience {
  const [{ arch, defences }] = study.architectures;
  const columns = strongest(study, results, arch);
  return {
    sets: columns.map((i) => setOf(results, i, models(results.sets[i].members.length))),
    rows: [base, ...defences].flatMap((kind) => {
      const { group, name } = titleOf(defenceOf(study, kind));
      return rowsOf(study, results, arch, kind, columns, { group, name: name || architectureTitles[arch] });
    }),
  };
}

/** Table III: every architecture unprotected and with each defence that all have, on the largest sets of each. */
export function table3(study: Study, results: Results): Resilience | null {
  const archs = study.architectures.map(({ arch }) => arch);
  if (archs.length < 2) return null;
  const groups = study.combined > 0 ? [...archs, "combined" as const] : archs;
  const columns = groups.map((from) => strongest(study, results, from).pop()!);
  const common = study.architectures.map(({ defences }) => defences)
    .reduce((all, own) => all.filter((kind) => own.includes(kind)));
  return {
    sets: columns.map((i) => setOf(results, i, titleOfSets(results.sets[i].from))),
    rows: [base, ...common].flatMap((kind) =>
      archs.flatMap((arch) => {
        const title = { group: shortTitle(defenceOf(study, kind)), name: architectureTitles[arch] };
        return rowsOf(study, results, arch, kind, columns, title);
      })
    ),
  };
}

/** Every set against every network. */
export function transfer(study: Study, { networks, sets, assessment }: Results): Transfer {
  return {
    sets: sets.map(({ from }, i) => ({ ...setOf({ assessment }, i, ""), architecture: titleOfSets(from) })),
    victims: networks.map(({ kind, arch }, n) => ({
      kind: shortTitle(defenceOf(study, kind)),
      architecture: architectureTitles[arch],
      cells: assessment.networks[n].cells.map((cell) => cell.member ? null : cell),
    })),
  };
}

/** Class by class, for the first architecture's largest ensemble at the largest ε. */
export function classes(study: Study, results: Results, names: string[]): ClassResults {
  const [{ arch, defences }] = study.architectures;
  const column = strongest(study, results, arch).pop()!;
  const { members, epsilon } = results.sets[column];
  return {
    set: `${models(members.length).toLowerCase()} (${architectureTitles[arch]}, ε = ${pixels(epsilon)})`,
    classes: names,
    kinds: [base, ...defences].map((kind) => ({
      title: shortTitle(defenceOf(study, kind)),
      networks: assessed(study, results, arch, kind).map(({ cells }) => cells[column].perClass),
    })),
  };
}

/** The sets of the largest ε that one group of ensembles made, the smallest ensemble first. */
export function strongest(
  study: Study,
  { sets }: Pick<Results, "sets">,
  from: Architecture["arch"] | "combined",
): number[] {
  const epsilon = Math.max(...study.epsilons);
  return [...sets.keys()].filter((i) => sets[i].from === from && sets[i].epsilon === epsilon);
}

function setOf({ assessment }: Pick<Results, "assessment">, i: number, name: string): AdversarialSet {
  const { members, epsilon, filter, candidates, correct, adversarial } = assessment.sets[i];
  return { name, members: members.length, epsilon, filter, candidates, correct, adversarial };
}

function rowsOf(
  study: Study,
  results: Results,
  arch: Architecture["arch"],
  kind: string,
  columns: readonly number[],
  title: { group: string; name: string },
): ResilienceRow[] {
  return assessed(study, results, arch, kind).map(({ train, validation, cells }) => (
    { ...title, train, validation, cells: columns.map((i) => cells[i]) }
  ));
}

function assessed(
  study: Study,
  { networks, assessment }: Results,
  arch: Architecture["arch"],
  kind: string,
): AssessedNetwork[] {
  return victims(study, arch, kind).map(({ name }) =>
    assessment.networks[networks.findIndex((network) => network.name === name)]
  );
}
