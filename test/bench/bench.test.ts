import * as assert from "uvu/assert";
import { benchCase, measureCeiling } from "../../src/bench/bench.ts";
import { convolutionCases, design, networkCases } from "../../src/bench/cases.ts";
import { compareWith } from "../../src/bench/compare.ts";
import { bytesOf, shapesOf, type Sketch } from "../../src/bench/cost.ts";
import { definitionOf } from "../../src/bench/definitions/index.ts";
import { spread } from "../../src/bench/measure.ts";
import { markdownTable } from "../../src/bench/table.ts";
import { verify } from "../../src/bench/verify.ts";
import { convolutionVersions, runsOn } from "../../src/ops/conv2d.ts";
import { Kernel } from "../../src/gpu/kernel.ts";
import { Random } from "../../src/random.ts";
import type { Engine } from "../../src/tensor/graph.ts";
import { kernelNames } from "../gpu/names.ts";
import { suite } from "../harness.ts";
import { engine, refused } from "../ops/engine.ts";
import { randomNormal, relativeError } from "../reference/array.ts";
import * as reference from "../reference/conv2d.ts";

/** Every value is the definition's; one that is stored in f16 is off by no more than rounding. */
async function exact(device: Engine, dispatch: Sketch): Promise<void> {
  const { error, free } = await verify(device.gpu, dispatch, Infinity);
  const rounded = Object.entries(dispatch.bindings).some(([name, { dtype }]) =>
    dtype === "f16" && dispatch.kernel.storage.get(name)!.writable
  );
  assert.ok(error < (rounded ? 2 ** -11 : 1e-5), `${dispatch.kernel.label} ${shapesOf(dispatch)}: ${error}`);
  free();
}

const tiny = design({ arch: "vgg13", size: 32, width: 0.0625 });

suite("bench", (test) => {
  for (const [precision, subgroups] of [["f32", true], ["f32", false], ["f16", true]] as const) {
    const which = `${precision}, subgroups ${subgroups}`;
    test(`every kernel of a step and an attack has every value its definition has, ${which}`, async () => {
      const device = await engine({ subgroups });
      if (precision === "f16" && !device.gpu.halves) return;
      for (const { dispatch } of await networkCases(device, tiny, 3, precision)) await exact(device, dispatch);
    });
  }

  test("no kernel is left out", async () => {
    const used = new Set((await networkCases(await engine(), tiny, 2)).map(({ dispatch }) => dispatch.kernel.name));
    for (const name of kernelNames()) {
      definitionOf(name);
      if (!/^ceiling|^conv2d/.test(name)) assert.ok(used.has(name), name);
    }
    assert.throws(() => definitionOf("conv3d/forward"), /conv3d/);
  });

  test("the definitions of a convolution's passes are the reference's", () => {
    const random = new Random(1, "definitions");
    const [stride, padding] = [2, 1];
    const x = randomNormal([2, 7, 6, 4], random);
    const w = randomNormal([8, 3, 3, 4], random);
    const y = reference.conv2d(x, w, stride, padding);
    const dy = randomNormal(y.shape, random);
    const sizes = { batch: 2, height: 7, width: 6, inChannels: 4, outHeight: 4, outWidth: 3, outChannels: 8, side: 3 };
    const check = (kernel: string, output: string, expected: typeof x) => {
      const values = { x: x.data, w: w.data, dy: dy.data };
      const found = expected.data.map((_, i) =>
        definitionOf(kernel).outputs[output](i, values, { ...sizes, stride, padding })
      );
      assert.ok(relativeError(found, expected) < 1e-12, kernel);
    };
    check("conv2d/forward_any", "y", y);
    check("conv2d/input_gradient", "dx", reference.conv2dInputGradient(dy, w, x.shape, stride, padding));
    check("conv2d/weight_gradient", "dw", reference.conv2dWeightGradient(x, dy, w.shape, stride, padding));
  });

  test("every call of a convolution has every value its definition has, in every version", async () => {
    const device = await engine();
    for (const version of convolutionVersions) {
      for (const [stride, precision] of [[1, "f32"], [2, "f32"], [2, "f16"]] as const) {
        if (precision === "f16" && !device.gpu.halves) continue;
        if (!runsOn(device.gpu, version, precision)) continue;
        const options = { version, stride, precision };
        // 162 pixels, or 1,152 values of K: the sum over them is cut in two, where it is cut at all.
        for (
          const [side, channels] of version === "workgroup" || version === "matrix" ? [[9, 4], [3, 128]] : [[9, 4]]
        ) {
          const cases = await convolutionCases(device, [2, side, side, channels], [8, 3, 3, channels], options);
          for (const { dispatch } of cases) await exact(device, dispatch);
        }
      }
    }
  });

  test("a kernel that is wrong, or leaves a value out, is not timed", async () => {
    const device = await engine();
    const cases = await convolutionCases(device, [2, 5, 5, 8], [8, 3, 3, 8], { version: "tiled" });
    const [{ dispatch }] = cases;
    const { name, source } = dispatch.kernel;
    const spoilt = (from: string, to: string) => {
      assert.ok(source.includes(from));
      const kernel = new Kernel(name, source.replace(from, to));
      return refused(() => verify(device.gpu, { ...dispatch, kernel }), new RegExp(`${name} is wrong: .* off by`));
    };
    const before = device.gpu.allocatedBuffers;
    await spoilt("i32(padding)", "i32(padding) - 1");
    await spoilt("n < params.batch &&", "n < params.batch - 1 &&");
    assert.is(device.gpu.allocatedBuffers, before, "nothing is left on the device");
  });

  test("bytes count each buffer once, and twice where it is read and written", async () => {
    const cases = await networkCases(await engine(), tiny, 2);
    const bytes = (name: string) => bytesOf(cases.find(({ dispatch }) => dispatch.kernel.name === name)!.dispatch);
    const { params } = cases.find(({ dispatch }) => dispatch.kernel.name === "sgd/forward")!.dispatch;
    // The gradients of two passes are read, weights and velocities read and written.
    assert.is(params.summands, 2);
    assert.is(bytes("sgd/forward"), 24 * params.length + 4);
    assert.is(bytes("relu/forward"), 8 * 2 * 32 * 32 * 4);
    // Where there is no shortcut, none is counted: x and y, and five vectors.
    assert.is(bytes("batch_norm/normalise"), 8 * 2 * 32 * 32 * 4 + 5 * 4 * 4);
    assert.is(bytes("dense/forward"), 4 * (2 * 32 + 10 * 32 + 10 + 2 * 10));
  });

  test("a row holds what was measured, as shares of the ceilings", async () => {
    const device = await engine();
    const ceiling = await measureCeiling(device);
    assert.ok(ceiling.gflops > 0.1 && ceiling.gbs > 0.1, JSON.stringify(ceiling));
    const [entry] = await convolutionCases(device, [2, 8, 8, 8], [8, 3, 3, 8], {});
    const row = await benchCase(device, entry, ceiling);
    // Of the 8 · 3 taps along each side two fall outside.
    assert.is(row.flops, 2 * 2 * 22 * 22 * 8 * 8);
    assert.is(row.shapes, "x 2×8×8×8, w 8×3×3×8 → y 2×8×8×8");
    const { low, median, high } = row.wall;
    assert.ok(0 < low && low <= median && median <= high);
    assert.ok(Math.abs(row.ofFma - row.gflops / ceiling.gflops) < 1e-12);
  });

  test("shares of the ceilings stand in every table, times and speeds where they are asked for", () => {
    const wall = { best: 1, median: 2, low: 1.5, high: 2.5, count: 5 };
    const row = { kernel: "k", shapes: "s", constants: {}, uses: 1, flops: 8e9, bytes: 4e9, error: 0, wall };
    const rows = [{ ...row, gflops: 4000, gbs: 2000, ofFma: 0.5, ofCopy: 0.25 }];
    const result = { adapter: "a", ceiling: { gflops: 8000, gbs: 8000 }, rows };
    const cells = (absolute: boolean) =>
      markdownTable(result, absolute).split("\n").map((line) => line.slice(2, -2).split(" | "));
    const [titles, rule, found] = cells(false);
    assert.equal(titles, ["kernel", "shapes", "±", "of FMA", "of copy"]);
    assert.is(rule.length, titles.length);
    assert.equal(found, ["k", "s", "25 %", "50 %", "25 %"]);
    assert.equal(cells(true)[2], ["k", "s", "2.00", "25 %", "2.00", "4000", "50 %", "2000", "25 %"]);
  });

  test("quartiles", () => {
    assert.equal(spread([5, 1, 2, 4, 3]), { best: 1, median: 3, low: 2, high: 4, count: 5 });
    assert.equal(spread([7]), { best: 7, median: 7, low: 7, high: 7, count: 1 });
    assert.equal(spread([4, 1]), { best: 1, median: 2.5, low: 1.75, high: 3.25, count: 2 });
  });

  test("slower by more than a tenth and beyond the scatter is a regression", () => {
    const row = (median: number, low: number, high: number, kernel = "k") => ({
      ...{ kernel, shapes: "s", constants: {}, uses: 1, flops: 0, bytes: 0 },
      ...{ gflops: 0, gbs: 0, ofFma: 0, ofCopy: 0, error: 0 },
      wall: { best: low, median, low, high, count: 5 },
    });
    const result = (...rows: ReturnType<typeof row>[]) => ({ adapter: "a", ceiling: { gflops: 1, gbs: 1 }, rows });
    const verdict = (now: ReturnType<typeof row>, then: ReturnType<typeof row>) =>
      compareWith(result(now), result(then)).map(({ ratio, regression }) => [ratio, regression]);
    assert.equal(verdict(row(12, 11.5, 13), row(10, 9, 11)), [[1.2, true]]);
    assert.equal(verdict(row(12, 10.5, 13), row(10, 9, 11)), [[1.2, false]], "the scatter overlaps");
    assert.equal(verdict(row(10.5, 10.4, 10.6), row(10, 9.9, 10.1)), [[1.05, false]], "less than a tenth");
    assert.equal(verdict(row(1, 1, 1), row(1, 1, 1, "other")), []);
    // The second of two alike is compared with the second.
    const two = (a: number, b: number) => result(row(a, a, a), row(b, b, b));
    assert.equal(compareWith(two(1, 8), two(1, 4)).map(({ ratio }) => ratio), [2, 1]);
    assert.throws(() => compareWith(result(), { ...result(), adapter: "b" }), /on b, this is a/);
  });
});
