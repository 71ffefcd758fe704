/** Doing a study's steps: what is up to date is left alone, what is ready is done, what others do is waited for. */
import { makeFolder, writeFileAtomic } from "../data/files.ts";
import { UserError } from "../errors.ts";
import type { Records } from "./records.ts";
import type { Step } from "./steps.ts";

/** A share of a study's steps, for several processes that work on one folder; `index` counts from 1. */
export interface Shard {
  index: number;
  count: number;
}

export interface RunOptions {
  shard?: Shard;
  /** Called before a step is done; it is the `number`-th of `total`. */
  onStep?: (step: Step, number: number, total: number) => void;
}

export interface Outcome {
  /** Names of the steps that were done now, that were up to date, and that other shards have to do first. */
  done: string[];
  upToDate: string[];
  waiting: string[];
}

/**
 * Does every step that is not up to date, in order.
 *
 * With a shard, only each `count`-th step of a stage is done here, so that no two processes do the same one, and a step
 * waits when another shard has not yet done what it reads.
 */
export async function runSteps(
  steps: readonly Step[],
  records: Records,
  make: (step: Step) => Promise<void>,
  { shard = { index: 1, count: 1 }, onStep }: RunOptions = {},
): Promise<Outcome> {
  const outcome: Outcome = { done: [], upToDate: [], waiting: [] };
  for (const [index, step] of steps.entries()) {
    if (await records.done(step)) outcome.upToDate.push(step.name);
    else if (!isOwn(step, steps, shard) || !step.after.every((name) => records.knows(name))) {
      outcome.waiting.push(step.name);
    } else {
      onStep?.(step, index + 1, steps.length);
      await make(step);
      await records.add(step);
      outcome.done.push(step.name);
    }
  }
  return outcome;
}

/** The steps that are not up to date, as far as that can be told before any of them is done. */
export async function pendingSteps(steps: readonly Step[], records: Records): Promise<Step[]> {
  const pending: Step[] = [];
  for (const step of steps) if (!await records.done(step)) pending.push(step);
  return pending;
}

function isOwn(step: Step, steps: readonly Step[], { index, count }: Shard): boolean {
  const peers = steps.filter(({ stage }) => stage === step.stage);
  return peers.indexOf(step) % count === index - 1;
}

/** A step and all it needs, in order. @throws UserError where there is no such step. */
export function needed(steps: readonly Step[], name: string): Step[] {
  const step = steps.find((step) => step.name === name);
  if (!step) throw new UserError(`--only ${name}: there is no such step; --dry-run lists them.`);
  const names = new Set([name]);
  for (const other of [...steps].reverse()) {
    if (names.has(other.name)) other.after.forEach((before) => names.add(before));
  }
  return steps.filter(({ name }) => names.has(name));
}

/** Makes the study's folder, or checks that it is one: only what a study has made may be replaced by it. */
export async function claimFolder(out: string, settings: unknown): Promise<void> {
  const file = `${out}/study.json`;
  const entries = await Array.fromAsync(Deno.readDir(out), ({ name }) => name).catch((): string[] => []);
  if (entries.length > 0 && !entries.includes("study.json") && !entries.every((name) => name.endsWith(".tmp"))) {
    throw new UserError(`--out ${out} exists and is no study; choose another folder.`);
  }
  await makeFolder(out);
  await writeFileAtomic(file, JSON.stringify(settings, null, 2) + "\n");
}
