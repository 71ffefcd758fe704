import { scale } from "../../src/ops/scale.ts";
import { sgd } from "../../src/ops/sgd.ts";
import { Graph } from "../../src/tensor/graph.ts";
import { compile } from "../../src/tensor/plan.ts";
import { suite } from "../harness.ts";
import type { NdArray } from "../reference/array.ts";
import * as reference from "../reference/sgd.ts";
import { close, engine, normal, place, readView } from "./engine.ts";

const rates = [0.1, 0.01, 0.003];

suite("sgd", (test) => {
  for (
    const [length, momentum, weightDecay] of [[4, 0, 0], [60, 0.9, 5e-4], [64, 0.9, 0], [68, 0, 0.1], [4100, 0.9, 1e-4]]
  ) {
    test(`three steps, ${length} weights, momentum ${momentum}, weight decay ${weightDecay}`, async () => {
      const { gpu, kernels } = await engine();
      const name = `sgd ${length}`;
      // The gradients come from two nodes that write slices of one buffer; the first slice has 64 values or all.
      const first = Math.min(length, 64);
      const start = normal([length], `${name} w`);
      const weights = await place(start.data);
      const velocities = await place(new Float32Array(length));
      const gradients = await place(new Float32Array(length));
      const graph = new Graph({ gpu, kernels, tiles: new Map() });
      const rate = graph.input("rate", [1]);
      const parts = [[0, first], [first, length]].filter(([from, to]) => from < to).map(([from, to]) => {
        const input = graph.input(`source ${from}`, [to - from]);
        const part = scale(input, -2);
        part.place = { ...gradients, offset: 4 * from, length: to - from };
        return { from, to, input, part };
      });
      sgd({
        weights: graph.placed("weights", [length], weights),
        velocities: graph.placed("velocities", [length], velocities),
        gradients: graph.placed("gradients", [length], gradients),
        parts: parts.map(({ part }) => part),
        rate,
      }, { momentum, weightDecay });
      const plan = await compile(graph, []);

      let want = { weights: start, velocity: { shape: [length], data: new Float64Array(length) } as NdArray };
      for (const [step, learningRate] of rates.entries()) {
        const g = normal([length], `${name} g ${step}`);
        plan.write(rate, Float32Array.of(learningRate));
        for (const { from, to, input } of parts) plan.write(input, Float32Array.from(g.data.slice(from, to)));
        plan.run();
        const doubled = { shape: g.shape, data: g.data.map((value) => -2 * value) };
        want = reference.sgd(want.weights, want.velocity, doubled, { learningRate, momentum, weightDecay });
      }
      for (
        const [what, view, expected] of [["weights", weights, want.weights], [
          "velocities",
          velocities,
          want.velocity,
        ]] as const
      ) {
        close(what, { shape: [length], data: Float64Array.from(await readView(view)) }, expected, 3e-7);
      }
      plan.free();
      for (const { buffer } of [weights, velocities, gradients]) gpu.free(buffer);
    });
  }
});
