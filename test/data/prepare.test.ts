import * as assert from "uvu/assert";
import { openPack, type Refusal } from "../../src/data/pack.ts";
import { prepare, type PrepareOptions } from "../../src/data/prepare.ts";
import { suite } from "../harness.ts";
import {
  type Corner,
  DET,
  DET_DATA,
  inFolder,
  jpeg,
  messageOf,
  options,
  put,
  putDetTree,
  withOrientation,
  xml,
} from "./trees.ts";

const names = (folder: string): string[] => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

/** Every file of a pack, as one text. */
const contents = (pack: string): string =>
  names(pack).map((name) => name + Deno.readFileSync(`${pack}/${name}`).join()).join();

suite("prepare", (test) => {
  test("det: crops, labels, boxes, counts and hashes agree, and no photograph is on both sides", () =>
    inFolder(async (root) => {
      await putDetTree(`${root}/source`, 10);
      const info = await prepare(options({ layout: "det", from: `${root}/source`, out: `${root}/pack` }));
      assert.equal(names(root), ["pack", "source"]);
      assert.equal(names(`${root}/pack`), [
        "pack.json",
        "train.jsonl",
        "train.safetensors",
        "validation.jsonl",
        "validation.safetensors",
      ]);
      const pack = await openPack(`${root}/pack`);
      assert.equal(pack.info, info);
      assert.equal(info.counts, { train: { a: 8, b: 8 }, validation: { a: 2, b: 2 } });
      assert.equal(info.refusals, { counts: {}, list: [] });
      assert.equal(info.source, { layout: "det", from: `${root}/source` });
      const trained = new Set((await pack.crops("train")).map(({ file }) => file));
      for (const split of ["train", "validation"] as const) {
        const [labels, crops, images] = [await pack.labels(split), await pack.crops(split), await pack.images(split)];
        crops.forEach((crop, i) => {
          assert.is(pack.classes[labels[i]].id, crop.class);
          assert.equal(crop.box, crop.class === "a" ? [0, 0, 12, 24] : [12, 0, 24, 24]);
          if (split === "validation") assert.not(trained.has(crop.file));
          // The tree's green channel tells the photograph, red against blue the object.
          const [red, green, blue] = images.subarray(i * 8 * 8 * 3);
          assert.ok(crop.class === "a" ? red > 180 && blue < 40 : blue > 180 && red < 40);
          const photograph = Number(/p(\d+)\.JPEG$/.exec(crop.file)![1]);
          assert.ok(Math.abs(green - photograph * 5 - 1) < 5, `${green} for photograph ${photograph}`);
        });
      }
      assert.equal(await pack.images("train", 3, 5), (await pack.images("train")).slice(3 * 192, 5 * 192));
    }));

  test("voc: corners count from 1, floats are rounded, boxes over the edge are clipped", () =>
    inFolder(async (root) => {
      const boxes: Record<string, [Corner, Corner, Corner, Corner]> = {
        a: [1, 1, 10, 20],
        b: ["10.6", "3.2", "20.4", "14.0"],
        c: [-5, 11, 12, 99],
      };
      for (let i = 0; i < 5; i++) {
        await put(`${root}/in/Annotations/${i}.xml`, xml(Object.entries(boxes).map(([id, box]) => [id, ...box])));
        await put(`${root}/in/JPEGImages/${i}.jpg`, jpeg(20, 20, (x, y) => [x * 9, y * 9, i]));
      }
      await prepare(options({ layout: "voc", from: `${root}/in`, out: `${root}/pack` }));
      const crops = await (await openPack(`${root}/pack`)).crops("train");
      const box = (id: string) => crops.find((crop) => crop.class === id)!.box;
      assert.equal([box("a"), box("b"), box("c")], [[0, 0, 10, 20], [10, 2, 20, 14], [0, 10, 12, 20]]);
    }));

  test("whatever cannot be used is listed with its file and reason, and the rest goes on", () =>
    inFolder(async (root) => {
      const from = `${root}/source`;
      await putDetTree(from, 10);
      const good = jpeg(24, 24, (x, y) => [x, 99, y]);
      const [c, d] = [jpeg(24, 24, () => [1, 2, 3]), jpeg(24, 24, () => [3, 2, 1])];
      const box = (...corners: number[]) => ["a", ...corners] as [string, number, number, number, number];
      const cases: [name: string, image: Uint8Array | string | undefined, xml: string | undefined, reason: string][] = [
        ["cut", good.subarray(0, good.length - 40), xml([box(0, 0, 20, 20)]), "broken image"],
        ["text", "hello", xml([box(0, 0, 20, 20)]), "broken image"],
        ["bad", c, "<annotation><object>", "broken annotation"],
        ["nameless", c, xml([["", 0, 0, 20, 20]]), "broken annotation"],
        ["cornerless", c, xml([["a", "left", 0, 20, 20]]), "broken annotation"],
        [
          "resized",
          c,
          xml([box(0, 0, 20, 20)], { size: "<size><width>9</width><height>9</height></size>" }),
          "broken annotation",
        ],
        ["none", c, xml([]), "no objects"],
        ["line", c, xml([box(5, 5, 5, 20)]), "zero-area box"],
        ["turned", c, xml([box(20, 5, 5, 20)]), "zero-area box"],
        ["beyond", c, xml([box(24, 0, 40, 20)]), "box outside the image"],
        ["before", c, xml([box(-30, 0, -1, 20)]), "box outside the image"],
        ["tiny", c, xml([box(0, 0, 6, 20)]), "box too small"],
        ["clipped", c, xml([box(20, 0, 60, 20)]), "box too small"],
        ["twin", d, xml([box(0, 0, 20, 20), box(0, 0, 20, 20)]), "duplicate"],
        ["single", d, xml([["lonely", 0, 0, 20, 20]]), "class too small"],
        ["bare", c, undefined, "missing annotation"],
        ["lost", undefined, xml([box(0, 0, 20, 20)]), "missing image"],
      ];
      for (const [name, image, annotation] of cases) {
        if (image !== undefined) await put(`${from}/${DET_DATA}/${name}.JPEG`, image);
        if (annotation !== undefined) await put(`${from}/${DET}/${name}.xml`, annotation);
      }
      const { refusals, counts } = await prepare(options({ layout: "det", from, out: `${root}/pack` }));
      for (const [name, , , reason] of cases) {
        const file = name === "single" ? "class lonely" : `/${name}.`;
        const matching = refusals.list.filter((refusal) => refusal.file.includes(file));
        assert.equal(matching.map((refusal) => refusal.reason), [reason], name);
      }
      assert.is(refusals.list.length, cases.length);
      const total = Object.values(refusals.counts).reduce((sum, n) => sum + n);
      assert.is(total, cases.length);
      assert.is(refusals.counts["broken annotation"], 4);
      assert.equal(counts.train, { a: 8, b: 8 });
      const twin = refusals.list.find(({ reason }) => reason === "duplicate") as Refusal;
      assert.is(twin.object, 2);
    }));

  test("copies of a photograph in several folders stay on one side, and their crops are used once", () =>
    inFolder(async (root) => {
      for (let i = 0; i < 12; i++) {
        const image = jpeg(16, 16, (x) => [i * 20, x * 10, 0]);
        await put(`${root}/in/a/${i}.jpg`, image);
        await put(`${root}/in/b/other-${i}.jpg`, image);
        await put(`${root}/in/b/again-${i}.jpg`, image);
      }
      const info = await prepare(
        options({ layout: "folders", from: `${root}/in`, out: `${root}/pack`, validation: 0.5 }),
      );
      assert.equal(info.refusals.counts, { duplicate: 12 });
      assert.equal(info.counts, { train: { a: 6, b: 6 }, validation: { a: 6, b: 6 } });
      const pack = await openPack(`${root}/pack`);
      const numbers = async (split: "train" | "validation") =>
        (await pack.crops(split)).map(({ file }) => /\d+/.exec(file)![0]);
      const trained = await numbers("train");
      assert.not((await numbers("validation")).some((number) => trained.includes(number)));
    }));

  test("boxes of an EXIF-turned photograph: on the grid that <size> tells, else as displayed", () =>
    inFolder(async (root) => {
      // Displayed 16×32 (stored 32×16, orientation 6): the stored left half is the displayed top half, and white.
      const turned = withOrientation(jpeg(32, 16, (x) => x < 16 ? [255, 255, 255] : [0, 0, 0]), 6);
      const size = (width: number, height: number) => `<size><width>${width}</width><height>${height}</height></size>`;
      for (let i = 0; i < 4; i++) {
        const image = new Uint8Array([...turned, i]); // bytes after the end: another file, the same photograph to see
        await put(`${root}/in/stored${i}.xml`, xml([["stored", 1, 1, 16, 16]], { size: size(32, 16) }));
        await put(`${root}/in/shown${i}.xml`, xml([["shown", 1, 1, 16, 16]], { size: size(16, 32) }));
        await put(`${root}/in/silent${i}.xml`, xml([["silent", 1, 1, 16, 16]]));
        for (const name of ["stored", "shown", "silent"]) await put(`${root}/in/${name}${i}.jpg`, image);
      }
      await prepare(options({ layout: "voc", from: `${root}/in`, out: `${root}/pack` }));
      const pack = await openPack(`${root}/pack`);
      const images = await pack.images("train");
      (await pack.crops("train")).forEach(({ box }, i) => {
        assert.equal(box, [0, 0, 16, 16]);
        assert.ok(images.subarray(i * 192, (i + 1) * 192).every((value) => value > 240));
      });
    }));

  test("the result does not depend on the number of workers, and each option changes it", () =>
    inFolder(async (root) => {
      const from = `${root}/source`;
      await putDetTree(from, 20);
      await put(`${from}/${DET_DATA}/c.JPEG`, jpeg(24, 24, () => [9, 9, 9]));
      await put(`${from}/${DET}/c.xml`, xml([["a", 0, 0, 23, 23], ["a", 0, 0, 9, 9]]));
      let count = 0;
      const make = async (changes: Partial<PrepareOptions>) => {
        const out = `${root}/pack${count++}`;
        await prepare(options({ layout: "det", from, out, ...changes }));
        return contents(out);
      };
      const one = await make({ workers: 1 });
      assert.ok(one === await make({ workers: 3 }), "three workers");
      const changes: Partial<PrepareOptions>[] = [{ seed: 2 }, { size: 9 }, { validation: 0.4 }, { perClass: 10 }];
      for (const change of [...changes, { minSide: 11 }]) assert.ok(one !== await make(change), JSON.stringify(change));
      await put(`${from}/${DET_DATA}/d.JPEG`, jpeg(24, 24, () => [8, 8, 8]));
      await put(`${from}/${DET}/d.xml`, xml([["d", 0, 0, 9, 9], ["d", 10, 10, 19, 19]]));
      for (let i = 0; i < 3; i++) {
        await put(`${from}/${DET_DATA}/e${i}.JPEG`, jpeg(24, 24, () => [8, 8, i]));
        await put(`${from}/${DET}/e${i}.xml`, xml([["d", 0, 0, 9, 9]]));
      }
      const ids = async (classes?: number) =>
        (await prepare(options({ layout: "det", from, out: `${root}/x`, classes }))).classes.map(({ id }) => id);
      assert.equal([await ids(), await ids(2)], [["a", "b", "d"], ["a", "b"]]);
    }));

  test("a pack is replaced, anything else is left alone, and a failure leaves nothing", () =>
    inFolder(async (root) => {
      const from = `${root}/source`;
      await putDetTree(from, 10);
      const make = (changes: Partial<PrepareOptions>) =>
        prepare(options({ layout: "det", from, out: `${root}/pack`, ...changes }));
      await make({});
      const replaced = await make({ size: 5 });
      assert.equal((await openPack(`${root}/pack`)).info, replaced);
      assert.match(
        await messageOf(() => make({ out: from })),
        /UserError: .*source is there already and is not a pack/,
      );
      await put(`${root}/note`, "keep");
      assert.match(await messageOf(() => make({ out: `${root}/note` })), /is not a pack/);
      const nothing = await messageOf(() => make({ out: `${root}/new`, minSide: 500 }));
      assert.match(
        nothing,
        /UserError: .*fewer than two classes can be used \(0 usable crops; refused: 20 × box too small\)/,
      );
      assert.match(await messageOf(() => make({ from: undefined })), /UserError: --layout det needs --from/);
      assert.match(await messageOf(() => make({ layout: "drawn" })), /UserError: --layout drawn takes no --from/);
      assert.equal(names(root), ["note", "pack", "source"]);
    }));
});

suite("pack", (test) => {
  test("a pack that is missing, foreign or damaged is told apart, naming the file", () =>
    inFolder(async (root) => {
      await putDetTree(`${root}/source`, 5);
      const pack = `${root}/pack`;
      const info = await prepare(options({ layout: "det", from: `${root}/source`, out: pack }));
      assert.match(await messageOf(() => openPack(`${root}/none`)), /UserError: There is no pack at .*none/);
      assert.match(await messageOf(() => openPack(`${root}/source`)), /UserError: .*source is not a pack/);
      const rewrite = (change: object) =>
        Deno.writeTextFile(`${pack}/pack.json`, JSON.stringify({ ...info, ...change }));
      await rewrite({ format: "other" });
      assert.match(await messageOf(() => openPack(pack)), /UserError: .*pack\.json is malformed at "format"/);
      await rewrite({ size: 9 });
      assert.match(await messageOf(() => openPack(pack)), /UserError: .*train\.safetensors does not agree/);
      await Deno.writeTextFile(`${pack}/pack.json`, "{");
      assert.match(await messageOf(() => openPack(pack)), /UserError: .*pack\.json is not valid JSON/);
      await rewrite({});
      await Deno.writeTextFile(`${pack}/train.jsonl`, "{}\n");
      assert.match(
        await messageOf(async () => (await openPack(pack)).crops("train")),
        /train\.jsonl, line 1, is malformed/,
      );
      await Deno.truncate(`${pack}/validation.safetensors`, 300);
      assert.match(await messageOf(() => openPack(pack)), /UserError: .*validation\.safetensors is cut short/);
      await Deno.remove(`${pack}/train.safetensors`);
      assert.match(await messageOf(() => openPack(pack)), /UserError: .*train\.safetensors cannot be read/);
    }));
});
