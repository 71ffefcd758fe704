/** Measuring against other frameworks: the same computations on the same machine, turn by turn. */
import { UserError } from "../../errors.ts";
import { Network } from "../../nn/network.ts";
import { Random } from "../../random.ts";
import type { Engine } from "../../tensor/graph.ts";
import type { BenchResult } from "../bench.ts";
import { design } from "../cases.ts";
import { digits } from "../table.ts";
import { ours } from "./ours.ts";
import { type Convolution, passes, type Peer, type StepTask, type Work } from "./peer.ts";

/** The peer's time over ours: above 1 we are faster. */
export interface Ratio {
  peer: string;
  what: string;
  kind: "convolution" | "batchNorm" | "step";
  /** Medians of the rounds, milliseconds a run. */
  ours: number;
  theirs: number;
  /** Geometric mean over the rounds with its 95 % interval. */
  ratio: number;
  low: number;
  high: number;
  /** How far the peer's results are from ours, relatively. */
  difference: number;
}

export type PeerSummary = Record<"convolution" | "batchNorm" | "step" | "worstConvolution", number>;

export interface AgainstResult {
  ratios: Ratio[];
  summary: Record<string, PeerSummary>;
}

/** Rounds of each comparison, and Student's t for 95 % with one degree of freedom fewer. */
const rounds = 7;
const student = 2.447;
/** Results further apart than this are not of the same computation. */
const tolerance = 2e-3;
/** A round takes the slower side about this long, or one run. */
const roundMilliseconds = 60;

/** Compares one piece of work; the two sides take turns at going first. */
export async function compareWork(
  us: Work,
  them: Work,
  what: string,
): Promise<Pick<Ratio, "ours" | "theirs" | "ratio" | "low" | "high" | "difference">> {
  // The second run is compared: a training step's depends on the first one's gradients.
  for (const work of [us, them]) for (let i = 0; i < 2; i++) await milliseconds(work, 1);
  const difference = apart(await us.read(), await them.read());
  if (!(difference <= tolerance)) {
    throw new UserError(`${what}: the results are ${difference.toExponential(1)} apart, so nothing was timed.`);
  }
  const slower = Math.max(await milliseconds(us, 1), await milliseconds(them, 1));
  const runs = Math.min(Math.max(Math.ceil(roundMilliseconds / slower), 1), 30);
  const times: Record<"us" | "them", number[]> = { us: [], them: [] };
  for (let round = 0; round < rounds; round++) {
    const turn: ["us" | "them", Work][] = [["us", us], ["them", them]];
    for (const [side, work] of round % 2 === 0 ? turn : turn.reverse()) {
      times[side].push(await milliseconds(work, runs) / runs);
    }
  }
  const logs = times.us.map((own, i) => Math.log(times.them[i] / own));
  const mean = logs.reduce((sum, log) => sum + log, 0) / rounds;
  const deviation = Math.sqrt(logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (rounds - 1));
  const reach = student * deviation / Math.sqrt(rounds);
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[(rounds - 1) / 2];
  return {
    ours: median(times.us),
    theirs: median(times.them),
    ratio: Math.exp(mean),
    low: Math.exp(mean - reach),
    high: Math.exp(mean + reach),
    difference,
  };
}

async function milliseconds(work: Work, runs: number): Promise<number> {
  const begun = performance.now();
  for (let i = 0; i < runs; i++) work.start();
  return await work.done() ?? performance.now() - begun;
}

/** ‖a − b‖₂ / ‖a‖₂, the largest over all results. */
function apart(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  return Math.max(...a.map((values, k) => {
    let [difference, norm] = [0, 0];
    for (let i = 0; i < values.length; i++) {
      difference += (values[i] - b[k][i]) ** 2;
      norm += values[i] ** 2;
    }
    return values.length === b[k].length ? Math.sqrt(difference / norm) : Infinity;
  }));
}

/** Every convolution and batch norm of VGGNet13, each shape once, and its training step. */
export async function benchAgainst(
  engine: Engine,
  peers: readonly Peer[],
  network: { width: number; size: number; batch: number },
  onRatio: (ratio: Ratio) => void = () => {},
): Promise<AgainstResult> {
  const own = ours(engine);
  const ratios: Ratio[] = [];
  const normal = (purpose: string, length: number) => {
    const random = new Random(1, purpose);
    const some = Float32Array.from({ length: Math.min(length, 65_537) }, () => random.normal());
    return Float32Array.from({ length }, (_, i) => some[i % some.length]);
  };
  const compare = async (
    peer: Peer,
    kind: Ratio["kind"],
    what: string,
    make: (peer: Peer) => Promise<Work> | Work,
  ) => {
    const [us, them] = [await make(own), await make(peer)];
    ratios.push({ peer: peer.name, kind, what, ...await compareWork(us, them, `${peer.name}, ${what}`) });
    onRatio(ratios[ratios.length - 1]);
    for (const work of [us, them]) await work.free();
  };
  const task = await stepTask(engine, network);
  for (const peer of peers) {
    for (const convolution of convolutionsOf(task)) {
      const { x, outChannels } = convolution;
      const pixels = x[0] * x[1] * x[2];
      const feeds = {
        x: normal("x", pixels * x[3]),
        w: normal("w", outChannels * 9 * x[3]),
        y: normal("dy", pixels * outChannels),
      };
      for (const pass of passes) {
        const what = `${x.join("×")} → ${outChannels}, ${pass}`;
        await compare(peer, "convolution", what, (side) => side.convolution(pass, convolution, feeds));
      }
    }
    for (const [pixels, channels] of normsOf(task)) {
      const [x, dy] = ["x", "dy"].map((name) => normal(name, pixels * channels));
      const [gamma, beta] = ["gamma", "beta"].map((name) => normal(name, channels));
      const what = `batch norm ${pixels}×${channels}`;
      await compare(peer, "batchNorm", what, (side) => side.batchNorm([pixels, channels], { x, dy, gamma, beta }));
    }
    await compare(peer, "step", `VGG13 step, batch ${network.batch}`, (side) => side.step(task));
  }
  return { ratios, summary: Object.fromEntries(peers.map(({ name }) => [name, summarise(ratios, name)])) };
}

/** One comparison as a line of text. */
export const ratioLine = ({ peer, what, ours, theirs, ratio, low, high }: Ratio): string =>
  `${peer}  ${what}  ${digits(theirs)} ms / ${digits(ours)} ms  ${digits(ratio)}× [${digits(low)}, ${digits(high)}]`;

/** Geometric means per peer; a layer's convolution is its three passes together. */
export function summarise(ratios: readonly Ratio[], peer: string): PeerSummary {
  const of = (kind: Ratio["kind"]) => ratios.filter((ratio) => ratio.peer === peer && ratio.kind === kind);
  const layers = new Map<string, { ours: number; theirs: number }>();
  for (const { what, ours, theirs } of of("convolution")) {
    const layer = what.slice(0, what.lastIndexOf(","));
    const sum = layers.get(layer) ?? { ours: 0, theirs: 0 };
    layers.set(layer, { ours: sum.ours + ours, theirs: sum.theirs + theirs });
  }
  const mean = (values: number[]) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
  const whole = [...layers.values()].map(({ ours, theirs }) => theirs / ours);
  return {
    convolution: mean(whole),
    batchNorm: mean(of("batchNorm").map(({ ratio }) => ratio)),
    step: mean(of("step").map(({ ratio }) => ratio)),
    worstConvolution: Math.min(...whole),
  };
}

/** The ceiling's part of the summary. */
export function ceilingSummary({ ceiling, rows }: BenchResult) {
  const convolutions = rows.filter(({ kernel }) => kernel.startsWith("conv2d/"));
  return { ...ceiling, bestConvolutionFraction: Math.max(0, ...convolutions.map(({ ofFma }) => ofFma)) };
}

export async function stepTask(
  engine: Engine,
  { width, size, batch }: Pick<StepTask, "width" | "size" | "batch">,
): Promise<StepTask> {
  const network = new Network(engine, design({ arch: "vgg13", width, size }));
  network.parameters.initialise(1);
  const values = await network.parameters.read();
  const { classes, normaliser: { mean, std } } = network.architecture;
  const random = new Random(1, "images of a comparison");
  const each = size * size * 3;
  const images = Float32Array.from(
    { length: batch * each },
    (_, i) => (random.integer(256) - mean[i % 3]) / std[i % 3],
  );
  const weights = new Map(
    network.parameters.specs.filter(({ kind }) => kind === "weight").map(({ name, shape, depth }) => [
      name,
      { shape: [...shape.slice(0, -1), depth], data: values.get(name)! },
    ]),
  );
  network.free();
  const labels = Array.from({ length: batch }, (_, n) => n % classes.length);
  return { width, size, batch, classes: classes.length, rate: 0.01, weights, images, labels };
}

/** Images halve after every second convolution; the first has its three channels padded to four. */
function convolutionsOf({ weights, size, batch }: StepTask): Convolution[] {
  const filters = [...weights.values()].map(({ shape }) => shape).filter((shape) => shape.length === 4);
  const all = filters.map(([outChannels, , , inChannels], i): Convolution => {
    const side = size >> (i >> 1);
    return { x: [batch, side, side, Math.max(inChannels, 4)], outChannels };
  });
  return all.filter((one, i) => all.findIndex((other) => JSON.stringify(other) === JSON.stringify(one)) === i);
}

function normsOf(task: StepTask): [pixels: number, channels: number][] {
  const shapes = convolutionsOf(task).map(({ x, outChannels }) => `${x[0] * x[1] * x[2]},${outChannels}`);
  return [...new Set(shapes)].map((text) => text.split(",").map(Number) as [number, number]);
}
