import * as assert from "uvu/assert";
import { cachePath, openTuned } from "../../src/bench/tiles.ts";
import { tuneNode, type Tuning } from "../../src/bench/tune.ts";
import type { Gpu } from "../../src/gpu/device.ts";
import { conv2d } from "../../src/ops/conv2d.ts";
import { type Engine, Graph, type Tile } from "../../src/tensor/graph.ts";
import { compile } from "../../src/tensor/plan.ts";
import { suite } from "../harness.ts";
import { engine } from "../ops/engine.ts";
import { fresh } from "../train/tiny.ts";

/** y = 2x, where a tile's factor is 2, as often as the tile says: a clock that counts calls tells the tiles apart. */
function doubling(engine: Engine, tiles: Tile[]): Graph {
  const graph = new Graph(engine);
  const kernel = engine.kernels.get("scale/forward");
  graph.add({
    operation: "double",
    inputs: [graph.input("x", [1 << 16])],
    outputs: [{ shape: [1 << 16] }],
    tunable: { key: "scale/forward 65536", tiles },
    dispatches: ([y], at, tile) =>
      Array.from({ length: tile!.times }, () => ({
        kernel,
        bindings: { x: at(graph.inputs[0]), y: at(y) },
        params: { length: y.length, factor: tile!.factor },
        threads: [y.length / 4],
      })),
  });
  return graph;
}

/** A pass of a convolution, compiled. */
async function compileConvolution(engine: Engine): Promise<void> {
  const graph = new Graph(engine);
  const y = conv2d(graph.input("x", [2, 8, 8, 8]), graph.input("w", [16, 3, 3, 8]));
  (await compile(graph, [y])).free();
}

suite("tune", (test) => {
  test("the fastest tile is kept, and one with other bits is no candidate", async () => {
    const device: Engine = { ...await engine(), tiles: new Map() };
    const before = device.gpu.allocatedBuffers;
    const [slow, wrong, fast] = [{ times: 20, factor: 2 }, { times: 1, factor: 3 }, { times: 1, factor: 2 }];
    const tune = (tiles: Tile[]) => tuneNode(device, doubling(device, tiles).nodes[0], counting);
    const counting = (_: Gpu, calls: readonly unknown[]) => Promise.resolve(calls.length);
    const better = await tune([slow, wrong, fast]);
    assert.equal([better.tile, better.tried, better.gain], [fast, 2, 20]);
    assert.equal(await tune([fast, wrong, slow]), { key: "scale/forward 65536", tile: fast, tried: 2, gain: 1 });
    assert.is(device.gpu.allocatedBuffers, before, "nothing is left on the device");
    assert.is(device.tiles.size, 0);
  });

  test("choices are kept for the next process, unless the kernel has changed or they are not wanted", async () => {
    const usual = Deno.env.get("XDG_CACHE_HOME");
    const caches = fresh("caches");
    Deno.env.set("XDG_CACHE_HOME", caches);
    try {
      const tunings: Tuning[] = [];
      const onTuning = (tuning: Tuning) => tunings.push(tuning);
      const first = await openTuned({ tune: true, search: true, onTuning });
      await compileConvolution(first);
      await compileConvolution(first);
      assert.is(tunings.length, 1);
      const [{ key, tile }] = tunings;
      assert.equal([...first.tiles], [[key, tile]]);
      const path = cachePath(first.gpu);
      assert.ok(path.startsWith(`${caches}/superpose/tiles-`));
      first.gpu.close();

      const tilesOf = async (options: { tune: boolean; search?: boolean }) => {
        const engine = await openTuned(options);
        await compileConvolution(engine);
        engine.gpu.close();
        return [...engine.tiles];
      };
      assert.equal(await tilesOf({ tune: true, search: true }), [[key, tile]]);
      assert.equal(await tilesOf({ tune: false }), []);
      const text = await Deno.readTextFile(path);
      for (const spoilt of [text.replace(/[0-9a-f]{64}/, "0".repeat(64)), text.slice(0, -9), "[]"]) {
        await Deno.writeTextFile(path, spoilt);
        assert.equal(await tilesOf({ tune: true, search: false }), []);
      }
    } finally {
      if (usual === undefined) Deno.env.delete("XDG_CACHE_HOME");
      else Deno.env.set("XDG_CACHE_HOME", usual);
    }
  });
});
