/** Which kernel calls to time: those of a network's training step and of an attack on it, or one convolution's. */
import { ensembleDirection } from "../attack/direction.ts";
import { DeviceImages, readerOf } from "../nn/images.ts";
import { type Architecture, Network, type Precision } from "../nn/network.ts";
import { add } from "../ops/add.ts";
import { batchNorm, batchStatistics } from "../ops/batch_norm.ts";
import { clipPixels } from "../ops/clip_pixels.ts";
import { conv2d, type Conv2dOptions } from "../ops/conv2d.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { l2Step } from "../ops/l2_step.ts";
import { noise } from "../ops/noise.ts";
import { relu } from "../ops/relu.ts";
import { signOffset } from "../ops/sign_offset.ts";
import { signStep } from "../ops/sign_step.ts";
import { softMinimum } from "../ops/soft_minimum.ts";
import { Random } from "../random.ts";
import { gradient } from "../tensor/gradient.ts";
import { type Engine, Graph } from "../tensor/graph.ts";
import { compile, type Step } from "../tensor/plan.ts";
import { objectiveOf } from "../train/objective.ts";
import type { Alpha, DefenceSettings } from "../train/settings.ts";
import { OptimiserState, TrainStep } from "../train/step.ts";
import type { Case } from "./bench.ts";

/** A network to measure with: no data, and so ten classes and a normaliser that changes nothing. */
export function design({ arch, size, width }: Pick<Architecture, "arch" | "size" | "width">): Architecture {
  const classes = Array.from({ length: 10 }, (_, k) => `class ${k}`);
  return { arch, size, width, classes, normaliser: { mean: [128, 128, 128], std: [64, 64, 64] } };
}

/** A defence with settings that do not change what a step costs. */
export function exampleDefence(name: DefenceSettings["name"]): DefenceSettings {
  const alpha: Alpha = { fixed: 0.4 };
  const examples: Record<DefenceSettings["name"], DefenceSettings> = {
    none: { name: "none" },
    mixup: { name: "mixup", alpha },
    "mixup-kl": { name: "mixup-kl", alpha, lambda: 10, klGradient: "both" },
    pgd: { name: "pgd", epsilon: 8, step: 2, steps: 7 },
    vat: { name: "vat", epsilon: 15, xi: 0.1, steps: 3, lambda: 1 },
  };
  return examples[name];
}

/** A training step over random images, compiled and ready to run. */
export async function randomStep(
  engine: Engine,
  architecture: Architecture,
  batch: number,
  defence: DefenceSettings,
  precision?: Precision,
): Promise<{ step: TrainStep; network: Network; free(): void }> {
  const { size } = architecture;
  const network = new Network(engine, architecture);
  network.parameters.initialise(1);
  const random = new Random(1, "bench images");
  const bytes = Uint8Array.from({ length: batch * size * size * 3 }, () => random.integer(256));
  const images = await DeviceImages.upload(engine.gpu, size, batch, readerOf(bytes, size));
  const state = new OptimiserState(network);
  const step = await TrainStep.compile(network, images, batch, objectiveOf(defence, 1), state, precision);
  return { step, network, free: () => [step, state, images, network].forEach((resource) => resource.free()) };
}

/** Every distinct kernel call of a training step with all defences' kernels, and of an attack. */
export async function networkCases(
  engine: Engine,
  architecture: Architecture,
  batch: number,
  precision: Precision = "f32",
): Promise<Case[]> {
  const { step, network, free } = await randomStep(engine, architecture, batch, exampleDefence("mixup-kl"), precision);
  const training = casesOf(step.plan.steps);
  const attack = await attackCases(network, batch, precision);
  free();
  const known = new Set(training.map(keyOf));
  return [...training, ...attack.filter((entry) => !known.has(keyOf(entry))).map((entry) => ({ ...entry, uses: 0 }))];
}

async function attackCases(network: Network, batch: number, precision: Precision): Promise<Case[]> {
  const graph = new Graph(network.engine);
  const { size } = network.architecture;
  const x = graph.input("x", [batch, size, size, 4]);
  const { model } = network.on(graph, "inference", precision);
  const labels = graph.input("labels", [batch], "u32");
  const direction = ensembleDirection([model], x, labels);
  const loss = crossEntropy(model(x), labels);
  const fused = softMinimum(loss, loss);
  // What VGGNet13 has no use for.
  const features = graph.input("features", x.shape, precision);
  const rectified = relu(features);
  const [gamma, beta] = ["gamma", "beta"].map((name) => graph.input(name, x.shape.slice(-1)));
  const block = batchNorm(features, gamma, beta, batchStatistics(features), { shortcut: features, relu: true });
  const strength = { step: 1, epsilon: 8 };
  const start = noise(x.shape, graph.input("streams", [batch], "u32"), {
    distribution: "normal",
    seed: 1,
    purpose: "bench",
  });
  const outputs = [
    signStep(x, direction, x, strength),
    signOffset(x, direction, graph.input("amount", [batch])),
    fused,
    l2Step(x, gradient(fused, [x])[0], x, strength),
    clipPixels(start),
    ...gradient(rectified, [features], rectified),
    add(features, features, { relu: true }),
    ...gradient(block, [features], block),
  ];
  const plan = await compile(graph, outputs);
  plan.free();
  return casesOf(plan.steps);
}

/** The three passes of one convolution. */
export async function convolutionCases(
  engine: Engine,
  x: readonly number[],
  w: readonly number[],
  { precision, ...options }: Conv2dOptions & { precision?: Precision },
): Promise<Case[]> {
  const graph = new Graph(engine);
  const [input, filter] = [graph.input("x", x, precision), graph.input("w", w)];
  const y = conv2d(input, filter, options);
  const plan = await compile(graph, [y, ...gradient(y, [input, filter], graph.input("dy", y.shape, precision))]);
  plan.free();
  return casesOf(plan.steps);
}

/** A node states its FLOPs as a whole; they count for its first kernel call, which those behind it only complete. */
export function flopsOf(steps: readonly Step[], index: number): number {
  const { node } = steps[index];
  return node === steps[index - 1]?.node ? 0 : node.flops;
}

function casesOf(steps: readonly Step[]): Case[] {
  const cases = new Map<string, Case>();
  steps.forEach((step, i) => {
    const entry: Case = { dispatch: step.dispatch, flops: flopsOf(steps, i), uses: 1 };
    const known = cases.get(keyOf(entry));
    if (known) known.uses++;
    else cases.set(keyOf(entry), entry);
  });
  return [...cases.values()];
}

/** Calls of one key do the same work. */
function keyOf({ dispatch: { kernel, params, constants, bindings } }: Case): string {
  return JSON.stringify([kernel.label, params, constants, Object.values(bindings).map(({ length }) => length)]);
}
