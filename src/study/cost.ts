/** What a study's steps will cost, before they are done. */
import { DeviceImages, readerOf } from "../nn/images.ts";
import { type Architecture, Network } from "../nn/network.ts";
import { type Engine, Graph } from "../tensor/graph.ts";
import { drawStep } from "../train/draws.ts";
import { objectiveOf } from "../train/objective.ts";
import { allocateOptimiser, TrainStep } from "../train/step.ts";
import type { Work } from "./steps.ts";

/** Of one image's way through a network, forward. */
export interface Price {
  flops: number;
  /** A third of its share of a plain training step, which goes forward once and back twice. */
  seconds: number;
}

/** Steps that are timed; the first use of a kernel compiles it and is left out. */
const timedSteps = 3;

/** Measures what an architecture costs on this adapter by a few training steps on noise. */
export async function priceOf(engine: Engine, architecture: Architecture, batch: number): Promise<Price> {
  const { size } = architecture;
  const network = new Network(engine, architecture);
  network.parameters.initialise(0);
  const noise = crypto.getRandomValues(new Uint8Array(Math.min(65536, batch * size * size * 3)));
  const bytes = Uint8Array.from({ length: batch * size * size * 3 }, (_, i) => noise[i % noise.length]);
  const images = await DeviceImages.upload(engine.gpu, size, batch, readerOf(bytes, size));
  const objective = objectiveOf({ name: "none" }, 0);
  const step = await TrainStep.compile(network, images, batch, objective, allocateOptimiser(network));
  const draws = drawStep(0, 0, Uint32Array.from({ length: batch }, (_, i) => i), 0, { fixed: 0.5 });
  const labels = new Int32Array(batch);
  const run = async (times: number) => {
    for (let i = 0; i < times; i++) step.run(draws, labels, 0);
    await engine.gpu.sync();
  };
  await run(1);
  const begun = performance.now();
  await run(timedSteps);
  const seconds = (performance.now() - begun) / 1000;
  const flops = forwardFlops(network);
  for (const resource of [step, network, images]) resource.free();
  return { flops, seconds: seconds / timedSteps / batch / 3 };
}

function forwardFlops(network: Network): number {
  const { architecture: { size }, engine } = network;
  const graph = new Graph(engine);
  network.on(graph, "inference").model(graph.input("images", [1, size, size, 4]));
  return graph.nodes.reduce((sum, { flops }) => sum + flops, 0);
}

/** A step's price, from those of the architectures it uses. */
export function costOf(work: Work, prices: ReadonlyMap<Architecture["arch"], Price>): Price {
  const cost: Price = { flops: 0, seconds: 0 };
  for (const [arch, ways] of Object.entries(work) as [Architecture["arch"], number][]) {
    const { flops, seconds } = prices.get(arch)!;
    cost.flops += ways * flops;
    cost.seconds += ways * seconds;
  }
  return cost;
}
