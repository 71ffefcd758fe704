import * as assert from "uvu/assert";
import { openSafetensors, readSafetensors, writeSafetensors } from "../../src/data/safetensors.ts";
import { suite } from "../harness.ts";
import { inFolder, messageOf } from "./trees.ts";

/** A file made by hand: header text, then data. */
function file(header: string, data: number[] = []): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

suite("safetensors", (test) => {
  test("what was written is read back, with its types, shapes and metadata", () =>
    inFolder(async (folder) => {
      const path = `${folder}/a.safetensors`;
      await writeSafetensors(path, {
        bytes: { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 255) },
        weights: { dtype: "F32", shape: [2, 2], data: Float32Array.of(1.5, -0, NaN, Infinity) },
        labels: { dtype: "I32", shape: [2], data: Int32Array.of(-7, 9) },
        seeds: { dtype: "U32", shape: [], data: Uint32Array.of(0xffffffff) },
        none: { dtype: "F32", shape: [0, 5], data: new Float32Array(0) },
      }, { mean: "[1, 2]", "ünïcode": "✓" });
      const { tensors, metadata } = await readSafetensors(path);
      assert.equal(metadata, { mean: "[1, 2]", "ünïcode": "✓" });
      assert.equal(tensors.bytes, { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 255) });
      assert.ok([1.5, -0, NaN, Infinity].every((value, i) => Object.is(tensors.weights.data[i], value)));
      assert.equal(tensors.labels, { dtype: "I32", shape: [2], data: Int32Array.of(-7, 9) });
      assert.equal(tensors.seeds, { dtype: "U32", shape: [], data: Uint32Array.of(0xffffffff) });
      assert.equal(tensors.none.shape, [0, 5]);
    }));

  test("the bytes on disk are the format's: aligned header, tensors back to back and aligned", () =>
    inFolder(async (folder) => {
      const path = `${folder}/a.safetensors`;
      await writeSafetensors(path, {
        odd: { dtype: "U8", shape: [3], data: Uint8Array.of(7, 8, 9) },
        wide: { dtype: "F32", shape: [1], data: Float32Array.of(1) },
      });
      const bytes = await Deno.readFile(path);
      const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
      assert.is(length % 8, 0);
      assert.equal(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))), {
        wide: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
        odd: { dtype: "U8", shape: [3], data_offsets: [4, 7] },
      });
      assert.equal([...bytes.subarray(8 + length)], [0, 0, 0x80, 0x3f, 7, 8, 9]);
    }));

  test("rows are read by range, and data may come in pieces", () =>
    inFolder(async (folder) => {
      const path = `${folder}/a.safetensors`;
      const pieces = [0, 1, 2, 3].map((row) => Uint8Array.of(row, row, row));
      await writeSafetensors(path, {
        rows: { dtype: "U8", shape: [4, 3], data: pieces },
        wide: { dtype: "I32", shape: [3, 1], data: Int32Array.of(10, 11, 12) },
      });
      const opened = await openSafetensors(path);
      assert.equal([...await opened.read("rows", 1, 3) as Uint8Array], [1, 1, 1, 2, 2, 2]);
      assert.equal([...await opened.read("wide", 2) as Int32Array], [12]);
      assert.is((await opened.read("rows", 2, 2)).length, 0);
      assert.match(await messageOf(() => opened.read("rows", 3, 5)), "RangeError");
      assert.match(await messageOf(() => opened.read("other")), /UserError: .*a\.safetensors has no tensor "other"/);
    }));

  test("a write that fails leaves the old file and nothing else", () =>
    inFolder(async (folder) => {
      const path = `${folder}/a.safetensors`;
      const tensor = (bytes: number) => ({ x: { dtype: "U8" as const, shape: [4], data: new Uint8Array(bytes) } });
      await writeSafetensors(path, tensor(4));
      const before = await Deno.readFile(path);
      assert.match(await messageOf(() => writeSafetensors(path, tensor(3))), "its shape needs 4");
      assert.equal(await Deno.readFile(path), before);
      assert.equal([...Deno.readDirSync(folder)].map(({ name }) => name), ["a.safetensors"]);
      const nowhere = await messageOf(() => writeSafetensors(`${folder}/no/a.safetensors`, tensor(4)));
      assert.match(nowhere, /UserError: .*no\/a\.safetensors cannot be written: there is no such/);
    }));

  test("every kind of damage is told apart, naming the file", () =>
    inFolder(async (folder) => {
      const path = `${folder}/bad.safetensors`;
      const x = (dtype: string, shape: string, offsets: string) =>
        `{"x":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}}`;
      const cases: [Uint8Array, RegExp][] = [
        [Uint8Array.of(1, 2, 3), /too short/],
        [file(x("U8", "[2]", "[0,2]"), [1]), /cut short/],
        [file(x("U8", "[2]", "[0,2]"), [1, 2]).subarray(0, 20), /cut short: its header/],
        [new Uint8Array(64).fill(0xff), /not a safetensors file/],
        [file("{nonsense"), /header is not JSON/],
        [file(`{"x":{"dtype":"U8"}}`), /header is malformed/],
        [file(x("U8", "[-1]", "[0,0]")), /header is malformed/],
        [file(`{"__metadata__":{"a":1}}`), /header is malformed/],
        [file(x("F16", "[1]", "[0,2]"), [1, 2]), /type F16, which is not supported/],
        [file(x("F32", "[2]", "[0,4]"), [1, 2, 3, 4]), /does not agree with its shape/],
        [file(x("U8", "[1]", "[1,2]"), [1, 2]), /not where it should be/],
        [file(x("U8", "[1]", "[0,1]"), [1, 2]), /damaged: /],
      ];
      for (const [bytes, expected] of cases) {
        await Deno.writeFile(path, bytes);
        const message = await messageOf(() => readSafetensors(path));
        assert.match(message, expected);
        assert.match(message, /^UserError: .*bad\.safetensors/);
      }
      assert.match(await messageOf(() => openSafetensors(`${folder}/none`)), /UserError: .*none cannot be read: there/);
    }));

  test("64-bit types are read, also where they are not aligned", () =>
    inFolder(async (folder) => {
      const path = `${folder}/a.safetensors`;
      const header = `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},` +
        `"b":{"dtype":"I64","shape":[1],"data_offsets":[1,9]},"c":{"dtype":"F64","shape":[1],"data_offsets":[9,17]}}`;
      const double = [...new Uint8Array(Float64Array.of(0.1).buffer)];
      await Deno.writeFile(path, file(header, [5, 255, 255, 255, 255, 255, 255, 255, 255, ...double]));
      const { tensors } = await readSafetensors(path);
      assert.equal(tensors.b.data, BigInt64Array.of(-1n));
      assert.equal(tensors.c.data, Float64Array.of(0.1));
    }));
});
