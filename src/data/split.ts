/**
 * Which crops make up the two splits. Photographs, not crops, are dealt out, so that no photograph is on both sides; every
 * class has the same number of crops in each split.
 */
import { Random } from "../random.ts";
import type { Split } from "./pack.ts";

/** What matters about a crop here: two crops with the same `photograph` stay together. */
export interface Candidate {
  photograph: number;
  class: string;
  /** The side it has to be on, where the set's authors have split it. */
  split?: Split;
}

export interface SplitSettings {
  /** Keep only the classes with the most crops. */
  classes?: number;
  /** Crops per class, in both splits together; the smallest class decides when it is missing. */
  perClass?: number;
  /** Share of validation, above 0 and below 1; without it every candidate is on the side it has to be on. */
  validation?: number;
  seed: number;
}

export interface Balanced {
  /** Class ids, sorted. */
  classes: string[];
  /** Indices of candidates, shuffled; the same number of each class. */
  train: number[];
  validation: number[];
  /** Classes that could not be used, and why. */
  refused: { class: string; detail: string }[];
}

/** Fewer crops than this cannot be dealt to two sides. */
const LEAST = 2;

/**
 * Balances and splits, as a pure function of the candidates' order and the settings:
 * 1. classes with fewer crops than asked for are refused, then the largest `classes` stay (ties: by id);
 * 2. photographs are dealt to the two sides by {@link deal}, unless the set's authors have split it;
 * 3. a class that has nothing on a side is refused and the rest dealt again;
 * 4. each side is trimmed to the same number of every class, by a shuffle of the crops.
 */
export function balance(candidates: Candidate[], settings: SplitSettings): Balanced {
  const refused: Balanced["refused"] = [];
  const { validation, seed } = settings;
  let classes = chooseClasses(candidates, settings, refused);
  for (;;) {
    const kept = candidates.map((_, index) => index).filter((index) => classes.includes(candidates[index].class));
    const present = kept.map((index) => candidates[index]);
    const sides = validation === undefined ? present.map(({ split }) => split) : deal(present, validation, seed);
    const members = (split: Split) => kept.filter((_, position) => sides[position] === split);
    const train = groupByClass(members("train"), candidates, classes);
    const held = groupByClass(members("validation"), candidates, classes);
    const oneSided = classes.filter((id) => train.get(id)!.length === 0 || held.get(id)!.length === 0);
    if (oneSided.length === 0) return { classes, refused, ...trim(train, held, settings) };
    const detail = validation === undefined ? "it is on one side only" : "its photographs cannot be split in two sides";
    for (const id of oneSided) refused.push({ class: id, detail });
    classes = classes.filter((id) => !oneSided.includes(id));
  }
}

function chooseClasses(candidates: Candidate[], settings: SplitSettings, refused: Balanced["refused"]): string[] {
  const counts = countClasses(candidates);
  const least = settings.perClass ?? LEAST;
  for (const [id, count] of [...counts].sort(byId)) {
    if (count < least) refused.push({ class: id, detail: `${count} crops, ${least} are needed` });
  }
  const large = [...counts].filter(([, count]) => count >= least).sort(byId).sort(([, a], [, b]) => b - a);
  return large.slice(0, settings.classes ?? large.length).map(([id]) => id).sort();
}

/**
 * Deals photographs, in shuffled order, each to the side that brings the share of validation closer to what it should be:
 * the squared error of the crops dealt so far, relative to the class's size and summed over the photograph's
 * classes, decides (ties: train). So every class ends within a photograph or so of its share, the scarce ones first of
 * all. Returns each candidate's side.
 */
function deal(candidates: Candidate[], validation: number, seed: number): Split[] {
  const totals = countClasses(candidates);
  const photographs = Map.groupBy(candidates, ({ photograph }) => photograph);
  /** By class: crops given to validation beyond its share of those dealt so far. */
  const excess = new Map<string, number>();
  const sides = new Map<number, Split>();
  for (const [photograph, crops] of shuffle([...photographs], new Random(seed, "deal photographs"))) {
    let preference = 0; // error when trained with, less error when validated with
    const added = [...countClasses(crops)].map(([id, count]) => {
      const before = excess.get(id) ?? 0;
      const [trained, validated] = [before - validation * count, before + (1 - validation) * count];
      preference += (trained ** 2 - validated ** 2) / totals.get(id)! ** 2;
      return { id, trained, validated };
    });
    const side: Split = preference > 0 ? "validation" : "train";
    sides.set(photograph, side);
    for (const { id, trained, validated } of added) excess.set(id, side === "train" ? trained : validated);
  }
  return candidates.map(({ photograph }) => sides.get(photograph)!);
}

/**
 * The same number of every class on each side: the side's share of `perClass`, or what the scarcest class has there.
 * Sides that are given decide the shares.
 */
function trim(train: Map<string, number[]>, validation: Map<string, number[]>, settings: SplitSettings) {
  const scarcest = (side: Map<string, number[]>) => Math.min(...[...side.values()].map((crops) => crops.length));
  const available = scarcest(train) + scarcest(validation);
  const perClass = settings.perClass ?? available;
  const wanted = Math.round(perClass * (settings.validation ?? scarcest(validation) / available));
  // At least one on either side.
  const share = Math.max(1, Math.min(wanted, perClass - 1));
  const take = (side: Map<string, number[]>, count: number, purpose: string) => {
    const random = new Random(settings.seed, purpose);
    const chosen = [...side.values()].flatMap((crops) => shuffle(crops, random).slice(0, count));
    return shuffle(chosen, random);
  };
  return {
    train: take(train, Math.min(perClass - share, scarcest(train)), "choose train crops"),
    validation: take(validation, Math.min(share, scarcest(validation)), "choose validation crops"),
  };
}

function groupByClass(indices: number[], candidates: Candidate[], classes: string[]): Map<string, number[]> {
  const groups = new Map<string, number[]>(classes.map((id) => [id, []]));
  for (const index of indices) groups.get(candidates[index].class)!.push(index);
  return groups;
}

function countClasses(candidates: Candidate[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { class: id } of candidates) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

const byId = ([a]: [string, unknown], [b]: [string, unknown]): number => a < b ? -1 : a > b ? 1 : 0;

const shuffle = <T>(values: T[], random: Random): T[] =>
  Array.from(random.permutation(values.length), (index) => values[index]);
