import * as assert from "uvu/assert";
import { type BufferView, type Dispatch, Kernel, KernelLibrary } from "../../src/gpu/kernel.ts";
import { engine, refused } from "../ops/engine.ts";
import { suite } from "../harness.ts";
import { kernelNames } from "./names.ts";

const source = `
override square: bool = false;
override rows: u32 = 2;
struct Params { length: u32, factor: f32, shift: i32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;  // [length, 4]
@group(0) @binding(2) var<storage, read> choice: array<vec2u>;  // [length, rows]
@group(0) @binding(3) var<storage, read> drift: array<i32>;  // [1]
@group(0) @binding(4) var<storage, read_write> y: array<f32>;  // [length]

@compute @workgroup_size(8, 4)
fn main(@builtin(global_invocation_id) id: vec3u) {
  y[id.x] = x[id.x].y * params.factor * f32(choice[id.x].x) + f32(drift[0] + params.shift);
}`;

const view = (dtype: BufferView["dtype"], length: number): BufferView => ({
  buffer: null as unknown as GPUBuffer,
  dtype,
  offset: 0,
  length,
});

/** A call of `source` with nothing wrong. */
function call(): Dispatch {
  return {
    kernel: new Kernel("inline", source),
    bindings: { x: view("f32", 20), choice: view("u32", 10), drift: view("i32", 1), y: view("f32", 5) },
    params: { length: 5, factor: 0.5, shift: -1 },
    constants: { rows: 2 },
    threads: [5],
  };
}

suite("kernel", (test) => {
  test("what the source declares is read from it", () => {
    const { kernel } = call();
    assert.equal(kernel.workgroupSize, [8, 4, 1]);
    assert.equal(kernel.overrides, ["square", "rows"]);
    assert.equal([...kernel.storage], [
      ["x", { index: 1, dtype: "f32", writable: false, shape: ["length", "4"] }],
      ["choice", { index: 2, dtype: "u32", writable: false, shape: ["length", "rows"] }],
      ["drift", { index: 3, dtype: "i32", writable: false, shape: ["1"] }],
      ["y", { index: 4, dtype: "f32", writable: true, shape: ["length"] }],
    ]);
    kernel.check(call());
  });

  test("parameters are packed at their offsets with their types", () => {
    const data = new DataView(call().kernel.packParams({ length: 4e9, factor: 0.1, shift: -7 }));
    assert.is(data.byteLength, 16);
    assert.is(data.getUint32(0, true), 4e9);
    assert.is(data.getFloat32(4, true), Math.fround(0.1));
    assert.is(data.getInt32(8, true), -7);
  });

  const wrong: [string, (dispatch: Dispatch) => void, RegExp][] = [
    ["a missing buffer", ({ bindings }) => delete bindings.drift, /missing buffer "drift"/],
    ["an unknown buffer", ({ bindings }) => bindings.z = bindings.x, /unknown buffer "z"/],
    ["a missing parameter", ({ params }) => delete params.factor, /missing parameter "factor"/],
    ["an unknown parameter", ({ params }) => params.extent = 1, /unknown parameter "extent"/],
    ["an unknown override", (dispatch) => dispatch.constants = { rows: 2, tile: 4 }, /unknown override "tile"/],
    ["f32 for u32", ({ bindings }) => bindings.choice = view("f32", 10), /choice holds f32, it must hold u32/],
    ["u32 for f32", ({ bindings }) => bindings.x = view("u32", 20), /x holds u32, it must hold f32/],
    ["u32 for i32", ({ bindings }) => bindings.drift = view("u32", 1), /drift holds u32, it must hold i32/],
    ["a short buffer", ({ bindings }) => bindings.y = view("f32", 4), /y has 4 elements, .*\[length\] = \[5\] needs 5/],
    ["a long buffer", ({ bindings }) => bindings.x = view("f32", 21), /x has 21 elements, .*\[5, 4\] needs 20/],
    ["half for u32", ({ params }) => params.length = 2.5, /parameter length = 2.5 is not a whole number/],
    ["half for i32", ({ params }) => params.shift = 0.5, /parameter shift = 0.5 is not a whole number/],
    ["NaN for u32", ({ params }) => params.length = NaN, /parameter length is NaN/],
    ["infinity for f32", ({ params }) => params.factor = Infinity, /parameter factor is Infinity/],
    [
      "a shape of an override not given",
      (dispatch) => dispatch.constants = {},
      /shape \[length,rows\] of choice names/,
    ],
  ];
  for (const [name, spoil, sentence] of wrong) {
    test(`${name} is refused by name`, async () => {
      const dispatch = call();
      spoil(dispatch);
      await refused(() => dispatch.kernel.check(dispatch), new RegExp(`^kernel inline: .*${sentence.source}`));
    });
  }

  test("sources that declare too little are refused by name", async () => {
    const inline = (text: string) => () => new Kernel("inline", text);
    await refused(inline(source.replace("  // [1]", "")), /kernel inline: binding drift states no shape/);
    await refused(inline("const one = 1;"), /kernel inline: it must have exactly one entry point/);
    await refused(inline(source + source.slice(source.indexOf("@compute")).replace("main", "other")), /exactly one/);
    await refused(inline("fn main( { }"), /kernel inline does not parse/);
  });

  test("a source that does not compile is an error that names the kernel and the line", async () => {
    const { gpu } = await engine();
    const compiled = (text: string, constants = {}) => () =>
      gpu.guarded("test", () => new Kernel("inline", text).pipeline(gpu, constants));
    await refused(
      compiled(source.replace("params.factor", "missing")),
      /kernel inline does not compile: line \d+: .*missing/,
    );
    await refused(compiled(source.replace("x[id.x].y", "x[id.x]")), /kernel inline does not compile/);
    await compiled(source, { rows: 3, square: 1 })();
  });

  test("a pipeline is compiled once per set of overrides, in whatever order they come", async () => {
    const { gpu } = await engine();
    const { kernel } = call();
    const first = kernel.pipeline(gpu, { rows: 3, square: 1 });
    assert.is(kernel.pipeline(gpu, { square: 1, rows: 3 }), first);
    assert.is.not(kernel.pipeline(gpu, { rows: 4, square: 1 }), first);
    await Promise.all([first, kernel.pipeline(gpu, { rows: 4, square: 1 })]);
  });
});

suite("kernels", (test) => {
  const library = new KernelLibrary();
  const names = kernelNames();

  test("every file explains itself", () => {
    assert.ok(names.length > 30);
    for (const name of names) {
      const header = library.get(name).source.split("\n\n")[0].split("\n");
      assert.ok(header.every((line) => line.startsWith("//")), `${name}: it begins with a comment`);
      for (const title of ["// Threads ", "Bytes "]) {
        assert.ok(header.some((line) => line.includes(title)), `${name}: its header has a line "${title.trim()}"`);
      }
    }
  });

  test("every shape names parameters or overrides, and every parameter struct is `params`", () => {
    for (const name of names) {
      const { storage, uniform, overrides, source } = library.get(name);
      const known = [...uniform?.members.map(({ name }) => name) ?? [], ...overrides];
      assert.ok(storage.size > 0, name);
      for (const [binding, { shape }] of storage) {
        for (const size of shape) {
          assert.ok(/^\d+$/.test(size) || known.includes(size), `${name}: ${size} in the shape of ${binding}`);
        }
      }
      assert.is(/var<uniform>/.test(source), uniform !== null);
      if (uniform) assert.match(source, /var<uniform> params: Params;/, name);
    }
  });

  test("a kernel that reads the grid's size folds it in the one known way", () => {
    for (const name of names) {
      const { folds, source, workgroupSize } = library.get(name);
      const index = `let i = id.y * groups.x * ${workgroupSize[0]} + id.x;`;
      assert.is(source.includes(index), folds, name);
      if (/folded into y/.test(source)) assert.ok(folds, `${name}: its header says that it folds`);
    }
  });
});
