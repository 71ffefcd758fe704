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
    const [length, summands, momentum, weightDecay] of [
      [4, 1, 0, 0],
      [60, 1, 0.9, 5e-4],
      [64, 2, 0.9, 0],
      [68, 1, 0, 0.1],
      [128, 3, 0.9, 5e-4],
      [4100, 1, 0.9, 1e-4],
    ]
  ) {
    test(`three steps, ${length} weights, ${summands} summands, momentum ${momentum}, decay ${weightDecay}`, async () => {
      const { gpu, kernels } = await engine();
      const name = `sgd ${length}`;
      // The gradients come from nodes that write slices of one buffer: of each summand the first 64 values, and the rest.
      const whole = summands * length;
      const ends = Array.from({ length: summands }, (_, k) => [k * length + Math.min(length, 64), (k + 1) * length])
        .flat();
      const start = normal([length], `${name} w`);
      const weights = await place(start.data);
      const velocities = await place(new Float32Array(length));
      const gradients = await place(new Float32Array(whole));
      const graph = new Graph({ gpu, kernels, tiles: new Map() });
      const rate = graph.input("rate", [1]);
      const slices = ends.map((to, i) => [i > 0 ? ends[i - 1] : 0, to]).filter(([from, to]) => from < to);
      const parts = slices.map(([from, to]) => {
        const input = graph.input(`source ${from}`, [to - from]);
        const part = scale(input, -2);
        part.place = { ...gradients, offset: 4 * from, length: to - from };
        return { from, to, input, part };
      });
      sgd({
        weights: graph.placed("weights", [length], weights),
        velocities: graph.placed("velocities", [length], velocities),
        gradients: graph.placed("gradients", [summands, length], gradients),
        parts: parts.map(({ part }) => part),
        rate,
      }, { momentum, weightDecay });
      const plan = await compile(graph, []);

      let want = { weights: start, velocity: { shape: [length], data: new Float64Array(length) } as NdArray };
      for (const [step, learningRate] of rates.entries()) {
        const g = normal([summands, length], `${name} g ${step}`);
        plan.write(rate, Float32Array.of(learningRate));
        for (const { from, to, input } of parts) plan.write(input, Float32Array.from(g.data.slice(from, to)));
        plan.run();
        const total = { shape: [length], data: new Float64Array(length) };
        g.data.forEach((value, i) => total.data[i % length] -= 2 * value);
        want = reference.sgd(want.weights, want.velocity, total, { learningRate, momentum, weightDecay });
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
