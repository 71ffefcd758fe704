import * as assert from "uvu/assert";
// @ts-types="npm:wgsl_reflect@1.6.0"
import { detectRaces } from "wgsl_reflect";
import { KernelLibrary } from "../../src/gpu/kernel.ts";
import { suite } from "../harness.ts";
import { kernelNames } from "./names.ts";

/** The reflection library's executor runs a workgroup's lanes in lockstep and reports unordered accesses. */
suite("races", (test) => {
  const numbers = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i)).buffer;
  const params = (...values: number[]) => ({ uniform: Uint32Array.from(values).buffer });
  const bits = (value: number) => new Uint32Array(Float32Array.of(value).buffer)[0];
  /**
   * Per kernel with workgroup memory: workgroups, bindings in order, and overrides that keep it small; more values than
   * lanes, two workgroups, three stages.
   */
  const cases: Record<string, () => [number, unknown[], Record<string, number>?]> = {
    "batch_norm/gradient_sums": () => [2, [params(8, 70), numbers(1120), numbers(8), numbers(8)]],
    "batch_norm/statistics": () => [
      2,
      [params(1117, 8, 70, 16), numbers(1120), numbers(8), numbers(8), numbers(8), numbers(8)],
    ],
    "conv2d/forward_matrix": () => [
      2,
      [params(1, 3, 3, 68, 3, 3, 20, 0), numbers(612), numbers(1360), numbers(20), numbers(180), numbers(4)],
      { side: 1, productRows: 8, productColumns: 8, subgroupRows: 2, subgroupColumns: 2 },
    ],
    "conv2d/forward_workgroup": () => [
      2,
      [params(1, 3, 3, 36, 3, 3, 20, 0), numbers(324), numbers(720), numbers(20), numbers(180), numbers(4)],
      { side: 1, pixelLanes: 16, lanePixels: 1, channelLanes: 4, laneChannels: 4 },
    ],
    "conv2d/weight_gradient_matrix": () => [
      2,
      [params(9, 3, 3, 8, 3, 3, 36, 0, 1, 81), numbers(648), numbers(2916), numbers(288)],
      { side: 1, productRows: 8, productColumns: 8, subgroupRows: 2, subgroupColumns: 2 },
    ],
    "conv2d/weight_gradient_workgroup": () => [
      2,
      [params(2, 3, 3, 8, 3, 3, 36, 0, 1, 18), numbers(144), numbers(648), numbers(288)],
      { side: 1, laneOut: 1, laneIn: 1 },
    ],
    "l2_step/forward": () => [
      2,
      [params(2, 67, bits(1), bits(8)), numbers(134), numbers(134), numbers(134), numbers(134)],
    ],
    "mean/forward": () => [1, [params(70), numbers(70), numbers(1)]],
    "normalise_gradient/forward": () => [2, [params(2, 67), numbers(134), numbers(134)]],
  };
  const barrier = "workgroupBarrier();";

  /** The detector follows arrays only: a scalar in workgroup memory becomes an array of one. */
  function asArrays(source: string): string {
    for (const [, name] of source.matchAll(/var<workgroup> (\w+): f32;/g)) {
      source = source.replaceAll(new RegExp(`\\b${name}\\b`, "g"), `${name}[0]`)
        .replace(`${name}[0]: f32`, `${name}: array<f32, 1>`);
    }
    return source;
  }

  /** Gives overrides their values; the executor wants the lengths of arrays as numbers. */
  function specialise(source: string, values: Record<string, number>): string {
    for (const name in values) {
      source = source.replace(new RegExp(`(override ${name}: u32 =) \\d+`), `$1 ${values[name]}`);
    }
    const known = Object.fromEntries(
      [...source.matchAll(/override (\w+): u32 = (\d+)/g)].map(([, name, value]) => [name, value]),
    );
    for (const [, name, value] of source.matchAll(/const (\w+) = (\d+)u?;/g)) known[name] = value;
    return source.replaceAll(/(var<workgroup> \w+: array<(?:vec4f|f32), )(.*)>;/g, (_, start, length) => {
      const product = length.replaceAll(/[a-z]\w*/gi, (name: string) => known[name]);
      return `${start}${new Function(`return ${product}`)()}>;`;
    });
  }

  /**
   * The executor knows no subgroups. In this stand-in for the kernels on subgroup matrices 32 lanes go in eights. A matrix
   * of 2 × 2 is one number to each of its lanes: all read what it is loaded from, four store a value another will read.
   */
  function withoutMatrices(source: string): string {
    const load = (name: string) =>
      `fn load_${name}(from: u32, apart: u32) -> f32 {
        return ${name}[from] + ${name}[from + 1] + ${name}[from + apart] + ${name}[from + apart + 1];
      }`;
    return source
      .replaceAll(/^enable .*;$/gm, "").replaceAll(/\bf16\b/g, "f32").replaceAll(/\bvec4h\b/g, "vec4f")
      .replace("const edge = 8u;", "const edge = 2u;").replace("lanes = 128u", "lanes = 32u")
      .replace("workgroup_size(128)", "workgroup_size(32)").replace("depth * 128 / 4 / lanes", "32u")
      .replace("4 * depth + 8", "40u").replace("lanes / depth", "4u").replace("128u / fetched", "32u")
      .replaceAll(/= subgroup_matrix_\w+<.*>;/g, "= f32;")
      .replaceAll(/^ +@builtin\(subgroup\w*\) .*\n/gm, "")
      .replace(") {\n  let ", ") {\n  let subgroup = lane / 8;\n  let members = 8u;\n  let member = lane % 8;\n  let ")
      .replaceAll(/subgroupMatrixLoad<.*>\(&(\w+), /g, "load_$1(")
      .replaceAll(/subgroupMatrixMultiplyAccumulate\((.*), (.*), (.*)\)/g, "$1 * $2 + $3")
      .replaceAll(
        /subgroupMatrixStore<.*>\(&(\w+), (\w+), (.*), edge\);/g,
        "if (member < 4) { $1[$2 + 3 - member] = $3; }",
      )
      .replace("@compute", `${load("a")}\n${load("b")}\n@compute`);
  }

  function races(name: string, given: string): number {
    const [workgroups, bindings, overrides = {}] = cases[name]();
    const source = specialise(given, overrides);
    const found = detectRaces(source, "main", [workgroups], { 0: Object.fromEntries(bindings.entries()) });
    assert.equal(found.errors, []);
    return found.races.length;
  }

  test("every kernel with workgroup memory is looked at", () => {
    const library = new KernelLibrary();
    const sharing = kernelNames().filter((name) => /var<workgroup>/.test(library.get(name).source));
    assert.equal(sharing, Object.keys(cases));
  });

  for (const name in cases) {
    test(`${name} has none, and any barrier left out makes one`, () => {
      const kernel = new KernelLibrary().get(name).source;
      const source = asArrays(/subgroupMatrix/.test(kernel) ? withoutMatrices(kernel) : kernel);
      assert.is(races(name, source), 0);
      const parts = source.split(barrier);
      assert.ok(parts.length > 1);
      for (let left = 1; left < parts.length; left++) {
        const spoilt = parts.slice(0, left).join(barrier) + parts.slice(left).join(barrier);
        assert.ok(races(name, spoilt) > 0, `barrier ${left}`);
      }
    });
  }
});
