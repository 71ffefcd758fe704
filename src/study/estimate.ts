/** What is left of a study to do, and what it will cost on this machine. */
import { type Architecture } from "../nn/network.ts";
import type { Engine } from "../tensor/graph.ts";
import { costOf, type Price, priceOf } from "./cost.ts";
import { pendingSteps } from "./run.ts";
import type { OpenedStudy } from "./study.ts";

export interface Estimate {
  steps: { name: string; pending: boolean; command: string; gflops: number; seconds: number }[];
  /** Of the steps that are pending. */
  total: { steps: number; gflops: number; seconds: number };
}

/** Prices every step by timing a training step of each architecture. */
export async function estimate(engine: Engine, { study, steps, images, records }: OpenedStudy): Promise<Estimate> {
  const pending = new Set(await pendingSteps(steps, records));
  const prices = new Map<Architecture["arch"], Price>();
  for (const { arch, width } of study.architectures) {
    const classes = Array.from({ length: images.classes }, (_, i) => String(i));
    const normaliser = { mean: [128, 128, 128], std: [64, 64, 64] } satisfies Architecture["normaliser"];
    const architecture = { arch, width, size: images.size, classes, normaliser };
    prices.set(arch, await priceOf(engine, architecture, study.training.batch));
  }
  const priced = steps.map((step) => {
    const { flops, seconds } = costOf(step.work, prices);
    return { name: step.name, pending: pending.has(step), command: step.command, gflops: flops / 1e9, seconds };
  });
  const left = priced.filter(({ pending }) => pending);
  const sum = (key: "gflops" | "seconds") => left.reduce((total, step) => total + step[key], 0);
  return { steps: priced, total: { steps: left.length, gflops: sum("gflops"), seconds: sum("seconds") } };
}

/** A line a step, and the sum of those to do. */
export function estimateText({ steps, total }: Estimate): string {
  const time = (seconds: number) => seconds < 600 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} min`;
  const flops = (gflops: number) => gflops < 1e4 ? `${gflops.toFixed(0)} GFLOP` : `${(gflops / 1000).toFixed(0)} TFLOP`;
  const longest = Math.max(...steps.map(({ name }) => name.length));
  const lines = steps.map(({ name, pending, gflops, seconds }) =>
    `${name.padEnd(longest)}  ${
      pending ? `${flops(gflops).padStart(12)}  about ${time(seconds)}` : "up to date".padStart(12)
    }`
  );
  return [
    ...lines,
    "",
    `${total.steps} of ${steps.length} steps to do, ${flops(total.gflops)}, about ${time(total.seconds)} here.`,
  ].join("\n");
}
