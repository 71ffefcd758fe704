/** This engine, seen from outside like its peers. */
import { DeviceImages, readerOf } from "../../nn/images.ts";
import { Network } from "../../nn/network.ts";
import { batchNorm, batchStatistics } from "../../ops/batch_norm.ts";
import { conv2d } from "../../ops/conv2d.ts";
import { gradient } from "../../tensor/gradient.ts";
import { type Engine, Graph, type Tensor } from "../../tensor/graph.ts";
import { compile } from "../../tensor/plan.ts";
import { objectiveOf } from "../../train/objective.ts";
import { OptimiserState, TrainStep } from "../../train/step.ts";
import { design } from "../cases.ts";
import type { Peer, StepTask, Work } from "./peer.ts";

export function ours(engine: Engine): Peer {
  const { gpu } = engine;

  /** A graph over inputs, compiled. */
  async function work<Names extends string>(
    feeds: Record<Names, { shape: readonly number[]; data: Float32Array }>,
    build: (inputs: Record<Names, Tensor>) => readonly Tensor[],
  ): Promise<Work> {
    const graph = new Graph(engine);
    const inputs = {} as Record<Names, Tensor>;
    for (const name in feeds) inputs[name] = graph.input(name, feeds[name].shape);
    const outputs = build(inputs);
    const plan = await compile(graph, outputs);
    for (const name in feeds) plan.write(inputs[name], feeds[name].data);
    return {
      start: () => plan.run(),
      done: () => gpu.sync(),
      read: () => Promise.all(outputs.map((output) => plan.read(output))),
      free: () => plan.free(),
    };
  }

  return {
    name: "superpose",
    convolution: (pass, { x, outChannels }, feeds) => {
      const [batch, height, width, inChannels] = x;
      const shapes = { x, w: [outChannels, 3, 3, inChannels], y: [batch, height, width, outChannels] };
      const feed = (name: "x" | "w" | "y") => ({ shape: shapes[name], data: feeds[name] });
      return work({ x: feed("x"), w: feed("w"), dy: feed("y") }, ({ x, w, dy }) => {
        const y = conv2d(x, w);
        return pass === "forward" ? [y] : gradient(y, [pass === "inputGradient" ? x : w], dy);
      });
    },
    batchNorm: (shape, { x, dy, gamma, beta }) => {
      const vector = (data: Float32Array) => ({ shape: [data.length], data });
      const feeds = { x: { shape, data: x }, dy: { shape, data: dy }, gamma: vector(gamma), beta: vector(beta) };
      return work(
        feeds,
        ({ x, dy, gamma, beta }) => gradient(batchNorm(x, gamma, beta, batchStatistics(x)), [x, gamma, beta], dy),
      );
    },
    step: (task) => trainingStep(engine, task),
  };
}

async function trainingStep(engine: Engine, task: StepTask): Promise<Work> {
  const { gpu } = engine;
  const { width, size, batch, labels, rate } = task;
  const network = new Network(engine, design({ arch: "vgg13", width, size }));
  network.parameters.initialise(1);
  for (const [name, { data }] of task.weights) network.parameters.write(name, data);
  const { mean, std } = network.architecture.normaliser;
  const bytes = Uint8Array.from(task.images, (value, i) => Math.round(value * std[i % 3] + mean[i % 3]));
  const images = await DeviceImages.upload(gpu, size, batch, readerOf(bytes, size));
  const state = new OptimiserState(network);
  const step = await TrainStep.compile(network, images, batch, objectiveOf({ name: "none" }, 1), state);
  const indices = Uint32Array.from({ length: batch }, (_, i) => i);
  const alpha = new Float32Array(batch);
  const draws = { indices, jitter: new Int32Array(4 * batch), partner: indices, alpha, streams: indices };
  return {
    start: () => {
      step.resetLoss();
      step.run(draws, labels, rate);
    },
    done: () => gpu.sync(),
    read: async () => [Float32Array.of(await step.meanLoss(1))],
    free: () => [step, state, images, network].forEach((resource) => resource.free()),
  };
}
