import * as assert from "uvu/assert";
import { Kernel } from "../../src/gpu/kernel.ts";
import { add } from "../../src/ops/add.ts";
import { assign } from "../../src/ops/assign.ts";
import { fill } from "../../src/ops/fill.ts";
import { globalAveragePool } from "../../src/ops/global_average_pool.ts";
import { scale } from "../../src/ops/scale.ts";
import { Random } from "../../src/random.ts";
import { Graph, type Tensor } from "../../src/tensor/graph.ts";
import { compile } from "../../src/tensor/plan.ts";
import { suite } from "../harness.ts";
import { engine, place, readView, refused } from "../ops/engine.ts";

const numbers = (length: number, factor = 1) => Float32Array.from({ length }, (_, i) => factor * ((i * 37) % 101 - 50));

/** A graph whose device must own afterwards exactly what it owned before. */
async function onGraph(body: (graph: Graph) => Promise<void>): Promise<void> {
  const { gpu, kernels } = await engine();
  const before = [gpu.allocatedBuffers, gpu.allocatedBytes];
  await body(new Graph({ gpu, kernels, tiles: new Map() }));
  assert.equal([gpu.allocatedBuffers, gpu.allocatedBytes], before);
}

suite("plan", (test) => {
  test("nodes that no output needs are left out", () =>
    onGraph(async (graph) => {
      const x = graph.input("x", [65]);
      const needed = scale(scale(x, 2), 3);
      add(needed, scale(x, 5));
      const plan = await compile(graph, [needed]);
      assert.is(graph.nodes.length, 4);
      assert.equal(plan.steps.map(({ node }) => node), [graph.nodes[0], graph.nodes[1]]);
      plan.free();
    }));

  test("changes of state are kept without an output, and happen in trace order", () =>
    onGraph(async (graph) => {
      const view = await place(numbers(65));
      const state = graph.placed("state", [65], view);
      const before = scale(state, 1);
      assign(state, scale(state, 2));
      const between = scale(state, 1);
      assign(state, scale(between, 3));
      const after = scale(state, 1);
      const plan = await compile(graph, [before, between, after]);
      plan.run();
      assert.equal(await plan.read(before), numbers(65));
      assert.equal(await plan.read(between), numbers(65, 2));
      assert.equal(await plan.read(after), numbers(65, 6));
      plan.run();
      assert.equal(await plan.read(before), numbers(65, 6));
      assert.equal(await readView(view), numbers(65, 36));
      plan.free();

      const silent = await compile(graph, []);
      assert.is(silent.steps.length, 5);
      silent.run();
      assert.equal(await readView(view), numbers(65, 216));
      silent.free();
      graph.engine.gpu.free(view.buffer);
    }));

  test("a replay gives the same bytes; a write takes effect in the runs after it", () =>
    onGraph(async (graph) => {
      const x = graph.input("x", [421]);
      const y = add(scale(x, 0.1), scale(scale(x, 1e-3), 7));
      const plan = await compile(graph, [y]);
      const run = async (values: Float32Array) => {
        plan.write(x, values);
        plan.run();
        return new Uint8Array((await plan.read(y)).buffer);
      };
      const [first, other, again] = [await run(numbers(421)), await run(numbers(421, 3)), await run(numbers(421))];
      plan.run();
      assert.equal(again, first);
      assert.equal(new Uint8Array((await plan.read(y)).buffer), first);
      assert.not.equal(other, first);
      plan.free();
    }));

  test("random graphs over shared buffers compute what each node alone would", () =>
    onGraph(async (graph) => {
      // 80 sums of two of the 12 values before, halved so that none grows; f32 rounds each as Math.fround does.
      const random = new Random(1, "random graph");
      const length = 65;
      const x = graph.input("x", [length]);
      const tensors: Tensor[] = [x];
      const values: Float32Array[] = [numbers(length)];
      for (let i = 0; i < 80; i++) {
        const pick = () => Math.max(0, values.length - 1 - random.integer(12));
        const [a, b] = [pick(), pick()];
        const half = random.integer(2) === 1 ? 0.5 : -0.5;
        tensors.push(scale(add(tensors[a], tensors[b]), half));
        values.push(values[a].map((value, k) => Math.fround(half * Math.fround(value + values[b][k]))));
      }
      const asked = [3, 40, 77, 80];
      const plan = await compile(graph, asked.map((i) => tensors[i]));
      plan.write(x, values[0]);
      plan.run();
      for (const i of asked) assert.equal(await plan.read(tensors[i]), values[i]);
      const { lowerBound, allocated } = plan.memory;
      assert.ok(lowerBound <= allocated && allocated < 40 * length * 4, `${lowerBound} ≤ ${allocated}`);
      plan.free();
    }));

  test("wrong lengths, and tensors whose values do not last, are refused by name", () =>
    onGraph(async (graph) => {
      const x = graph.input("x", [8]);
      const inner = scale(x, 2);
      const y = scale(inner, 2);
      const plan = await compile(graph, [y]);
      for (const length of [7, 9]) {
        await refused(
          () => plan.write(x, new Float32Array(length)),
          new RegExp(`x has 8 elements, ${length} were given`),
        );
      }
      await refused(() => plan.read(inner), /scale is no input or output of this plan/);
      await refused(() => graph.placed("nine", [9], plan.view(x)), /nine: \[9\] does not fill 8 elements/);
      plan.free();
    }));

  test("a compile that fails frees what it had allocated and names the culprit", async () => {
    const call = { operation: "broken", outputs: [{ shape: [8] }] };
    await onGraph(async (graph) => {
      const x = scale(graph.input("x", [8]), 2);
      const [y] = graph.add({
        ...call,
        inputs: [x],
        dispatches: ([y], at) => [{
          kernel: graph.engine.kernels.get("scale/forward"),
          bindings: { x: at(x), y: at(y) },
          params: { length: 8 },
          threads: [8],
        }],
      });
      await refused(() => compile(graph, [y]), /kernel scale\/forward: missing parameter "factor"/);
    });
    await onGraph(async (graph) => {
      const source = "@group(0) @binding(0) var<storage, read_write> y: array<f32>;  // [8]\n" +
        "@compute @workgroup_size(64)\nfn main() { y[0] = nothing; }";
      const kernel = new Kernel("inline", source);
      const [y] = graph.add({
        ...call,
        inputs: [],
        dispatches: ([y], at) => [{ kernel, bindings: { y: at(y) }, params: {}, threads: [8] }],
      });
      await refused(() => compile(graph, [scale(y, 2)]), /kernel inline does not compile: .*nothing/);
    });
    await onGraph(async (graph) => {
      const small = graph.input("small", [8]);
      graph.input("huge", [2 ** 20, 2 ** 20]);
      await refused(() => compile(graph, [scale(small, 2)]), /huge needs 4194304 MiB .* try a smaller batch/);
    });
    // The device is as good as before.
    await onGraph(async (graph) => {
      const x = graph.input("x", [8]);
      const plan = await compile(graph, [scale(x, 2)]);
      plan.free();
    });
  });

  test("100 runs and reads allocate nothing", () =>
    onGraph(async (graph) => {
      const { gpu } = graph.engine;
      const x = graph.input("x", [4099]);
      const y = add(scale(x, 2), scale(x, 3));
      const plan = await compile(graph, [y]);
      const before = [gpu.allocatedBuffers, gpu.allocatedBytes];
      for (let i = 0; i < 100; i++) {
        plan.write(x, numbers(4099, i));
        plan.run();
        if (i % 10 === 9) assert.equal(await plan.read(y), numbers(4099, 5 * i));
      }
      await gpu.sync();
      assert.equal([gpu.allocatedBuffers, gpu.allocatedBytes], before);
      plan.free();
    }));

  test("what a plan owned is destroyed with it", () =>
    onGraph(async (graph) => {
      const { gpu } = graph.engine;
      const plan = await compile(graph, [fill(graph, [64], 1)]);
      plan.run();
      await gpu.sync();
      plan.free();
      await refused(() => gpu.guarded("test", () => plan.run()), /destroyed/);
    }));

  test("a grid of more than 65,535 workgroups is folded", () =>
    onGraph(async (graph) => {
      const length = 4 * (65535 * 64 + 65);
      const x = graph.input("x", [length]);
      const y = add(x, fill(graph, [length], 0.5));
      const plan = await compile(graph, [y]);
      assert.equal(plan.steps.map(({ workgroups }) => workgroups), [[32769, 2, 1], [32769, 2, 1]]);
      plan.write(x, Float32Array.from({ length }, (_, i) => i % 1009));
      plan.run();
      const values = await plan.read(y);
      assert.is(values.findIndex((value, i) => value !== i % 1009 + 0.5), -1);
      plan.free();
    }));

  test("a kernel that cannot be folded is refused a grid that long", () =>
    onGraph(async (graph) => {
      const y = globalAveragePool(graph.input("x", [65535 * 64 + 1, 1, 1, 4]));
      await refused(() => compile(graph, [y]), /kernel global_average_pool\/forward: a grid of 65536×1×1 workgroups/);
    }));
});
