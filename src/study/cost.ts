/** What a study's steps will cost, before they are done. */
import { randomStep } from "../bench/cases.ts";
import type { Architecture, Network } from "../nn/network.ts";
import { type Engine, Graph } from "../tensor/graph.ts";
import { drawStep } from "../train/draws.ts";
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
  const { step, network, free } = await randomStep(engine, architecture, batch, { name: "none" });
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
  free();
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
