/** One training step taken apart: every kernel call in order, with what it costs on paper and on this adapter. */
import { digits } from "../bench/table.ts";
import type { Ceiling } from "../bench/bench.ts";
import { design, exampleDefence, flopsOf, randomStep } from "../bench/cases.ts";
import { bytesOf, shapesOf } from "../bench/cost.ts";
import { spread } from "../bench/measure.ts";
import type { BufferView } from "../gpu/kernel.ts";
import { profile, type Span } from "../gpu/profile.ts";
import { UserError } from "../errors.ts";
import type { Architecture, Precision } from "../nn/network.ts";
import type { Engine } from "../tensor/graph.ts";
import type { MemoryPlan, Plan, Step } from "../tensor/plan.ts";
import type { DefenceSettings } from "../train/settings.ts";

export interface ExplainedCall {
  /** Index of the node of the graph it belongs to, by which lifetimes are counted. */
  node: number;
  operation: string;
  kernel: string;
  shapes: string;
  /** The buffers it writes. */
  writes: string[];
  flops: number;
  bytes: number;
  /** Median over the runs. */
  milliseconds: number;
  gflops: number;
  gbs: number;
  ofFma: number;
  ofCopy: number;
}

export interface Explanation {
  adapter: string;
  network: Pick<Architecture, "arch" | "size" | "width"> & {
    batch: number;
    defence: DefenceSettings["name"];
    precision: Precision;
  };
  ceiling: Ceiling;
  calls: ExplainedCall[];
  totals: { calls: number; flops: number; bytes: number; milliseconds: number; wallMilliseconds: number };
  memory: MemoryPlan;
  /** When each call of the last run began and ended. */
  spans: Span[];
}

/** Runs of which the median is told. */
const runs = 5;

/** @throws UserError on an adapter without timestamps */
export async function explain(
  engine: Engine,
  network: Explanation["network"],
  ceiling: Ceiling,
  onRun: (done: number, total: number) => void = () => {},
): Promise<Explanation> {
  const { gpu } = engine;
  if (!gpu.timestamps) throw new UserError(`${gpu.name} has no timestamps to explain a step with.`);
  const { batch, defence, precision } = network;
  const { step, free } = await randomStep(engine, design(network), batch, exampleDefence(defence), precision);
  const { plan } = step;
  await wallTime(plan);
  const wall: number[] = [];
  const profiles: Span[][] = [];
  for (let run = 0; run < runs; run++) {
    wall.push(await wallTime(plan));
    profiles.push(await profile(gpu, plan.steps));
    onRun(run + 1, runs);
  }
  const median = (i: number) => spread(profiles.map((spans) => spans[i].end - spans[i].begin)).median;
  const calls = plan.steps.map((step, i) => explainCall(plan.steps, step, i, median(i), ceiling));
  free();
  const total = (value: (call: ExplainedCall) => number) => calls.reduce((sum, call) => sum + value(call), 0);
  return {
    adapter: gpu.name,
    network,
    ceiling,
    calls,
    totals: {
      calls: calls.length,
      flops: total(({ flops }) => flops),
      bytes: total(({ bytes }) => bytes),
      milliseconds: total(({ milliseconds }) => milliseconds),
      wallMilliseconds: spread(wall).median,
    },
    memory: plan.memory,
    spans: profiles[runs - 1],
  };
}

async function wallTime(plan: Plan): Promise<number> {
  const begun = performance.now();
  plan.run();
  await plan.gpu.sync();
  return performance.now() - begun;
}

function explainCall(
  steps: readonly Step[],
  { node, dispatch }: Step,
  index: number,
  milliseconds: number,
  ceiling: Ceiling,
): ExplainedCall {
  const flops = flopsOf(steps, index);
  const bytes = bytesOf(dispatch);
  const [gflops, gbs] = [flops / milliseconds / 1e6, bytes / milliseconds / 1e6];
  const written = [...dispatch.kernel.storage].filter(([, { writable }]) => writable);
  return {
    node: new Set(steps.slice(0, index + 1).map(({ node }) => node)).size - 1,
    operation: node.operation,
    kernel: dispatch.kernel.label,
    shapes: shapesOf(dispatch),
    writes: written.map(([name]) => placeOf(dispatch.bindings[name])),
    ...{ flops, bytes, milliseconds, gflops, gbs },
    ofFma: gflops / ceiling.gflops,
    ofCopy: gbs / ceiling.gbs,
  };
}

function placeOf({ buffer, offset }: BufferView): string {
  return offset > 0 ? `${buffer.label} + ${digits(offset / 1024)} KiB` : buffer.label;
}

/** Bytes of activations alive while a node runs. */
export function aliveAt({ tenancies }: MemoryPlan, node: number): number {
  return tenancies.reduce((sum, { bytes, from, to }) => from <= node && node <= to ? sum + bytes : sum, 0);
}

/** Chrome's trace event format, which Perfetto reads: a track of calls and the bytes of activations alive. */
export function traceEvents({ calls, spans, memory, adapter }: Explanation): string {
  const begin = spans[0].begin;
  const event = (index: number) => ({ pid: 1, tid: 1, ts: (spans[index].begin - begin) * 1000 });
  return JSON.stringify({
    otherData: { adapter },
    displayTimeUnit: "ms",
    traceEvents: [
      { ph: "M", pid: 1, name: "process_name", args: { name: adapter } },
      { ph: "M", pid: 1, tid: 1, name: "thread_name", args: { name: "training step" } },
      ...calls.map(({ kernel, operation, milliseconds: _, ...args }, i) => ({
        ...event(i),
        ph: "X",
        name: kernel,
        cat: operation,
        dur: (spans[i].end - spans[i].begin) * 1000,
        args,
      })),
      ...calls.map((_, i) => ({
        ...event(i),
        ph: "C",
        name: "activations alive",
        args: { MiB: aliveAt(memory, calls[i].node) / 2 ** 20 },
      })),
    ],
  });
}
