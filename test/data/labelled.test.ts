import { createTarGzip } from "nanotar";
import * as assert from "uvu/assert";
import { openPack, type Split } from "../../src/data/pack.ts";
import { prepare, type PrepareOptions } from "../../src/data/prepare.ts";
import { findCifar10 } from "../../src/data/readers/cifar10.ts";
import { findIdx } from "../../src/data/readers/idx.ts";
import { suite } from "../harness.ts";
import { batch, cifar, CIFAR_FILES, gzip, idx, IDX_FILES, putIdx } from "./labelled.ts";
import { inFolder, messageOf, options, put } from "./trees.ts";

const small = (changes: Partial<PrepareOptions> & Pick<PrepareOptions, "layout" | "out">): PrepareOptions =>
  options({ size: 4, validation: undefined, minSide: undefined, ...changes });

/** The places in their files, sorted, of a split's images by class. */
async function places(path: string, split: Split): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {};
  for (const { file, class: id } of await (await openPack(path)).crops(split)) {
    (found[id] ??= []).push(Number(/#(\d+)$/.exec(file)![1]));
  }
  for (const list of Object.values(found)) list.sort((a, b) => a - b);
  return found;
}

suite("readers: IDX", (test) => {
  test("grey images become RGB, train is trained with and t10k validated with, packed or not", () =>
    inFolder(async (root) => {
      await putIdx(root, [0, 1, 1, 0], [1, 0]);
      const found = await findIdx(root);
      assert.equal(found.sources[2], {
        image: "train-images-idx3-ubyte#2",
        photograph: "train-images-idx3-ubyte#2",
        content: { class: "1" },
        picture: { width: 3, height: 2, data: new Uint8Array(18).fill(2) },
        split: "train",
      });
      assert.equal(found.sources.map(({ split }) => split === "train"), [true, true, true, true, false, false]);
      assert.equal(found.sources[5].picture!.data, new Uint8Array(18).fill(101));
      assert.equal([...found.names], []);
      // A packed file goes before an unpacked one, as it is the one that --download checks.
      const packed = `${root}/${IDX_FILES.testLabels}.gz`;
      await put(packed, await gzip(idx([2], [0, 1])));
      const classes = async () => (await findIdx(root)).sources.slice(4).map(({ content }) => content);
      assert.equal(await classes(), [{ class: "0" }, { class: "1" }]);
    }));

  test("the pixels keep their places", () =>
    inFolder(async (root) => {
      await putIdx(root, [0, 1], [0, 1]);
      await put(`${root}/${IDX_FILES.trainImages}`, idx([2, 2, 3], Array.from({ length: 12 }, (_, i) => 10 * i)));
      const { sources } = await findIdx(root);
      assert.equal([...sources[1].picture!.data].filter((_, i) => i % 3 === 0), [60, 70, 80, 90, 100, 110]);
      assert.equal([...sources[1].picture!.data].filter((_, i) => i % 3 === 2), [60, 70, 80, 90, 100, 110]);
    }));

  test("class ids sort as their labels", () =>
    inFolder(async (root) => {
      await putIdx(root, [2, 11, 2, 11], [11, 2]);
      const { sources } = await findIdx(root);
      assert.equal(sources.slice(0, 2).map(({ content }) => content), [{ class: "02" }, { class: "11" }]);
    }));

  test("every broken file is refused in a sentence that names it", () =>
    inFolder(async (root) => {
      const { trainImages, trainLabels, testImages, testLabels } = IDX_FILES;
      const cases: [file: string, content: Uint8Array | string, sentence: RegExp][] = [
        [trainImages, "hello", /train-images-idx3-ubyte is not an IDX file of unsigned bytes in 3 dimensions/],
        [trainImages, "", /train-images-idx3-ubyte is not an IDX file/],
        [trainLabels, idx([4], Array(16).fill(0), 0x0d), /train-labels-idx1-ubyte is not an IDX file/],
        [trainLabels, idx([4, 2, 3], Array(24).fill(0)), /train-labels-idx1-ubyte is not .* in 1 dimensions/],
        [testImages, idx([2, 2, 3], [1, 2]), /t10k-images.* is damaged: 2 bytes follow .* promises 2×2×3/],
        [testImages, idx([2, 2, 3], Array(13).fill(0)), /t10k-images.* is damaged: 13 bytes follow/],
        [testImages, idx([2, 0, 3], []), /t10k-images.* is empty: its header says 2×0×3/],
        [testLabels, idx([3], [0, 1, 0]), /t10k-labels.* has 3 labels, but t10k-images-idx3-ubyte has 2 images/],
        [testLabels, idx([2], [0, 7]), /label 7 of t10k-images-idx3-ubyte's image 1 is not among the training labels/],
        [`${testLabels}.gz`, "hello", /t10k-labels-idx1-ubyte\.gz is damaged, cut short or no gzip file/],
        [`${testLabels}.gz`, (await gzip(idx([2], [0, 1]))).slice(0, -5), /t10k-labels-idx1-ubyte\.gz is damaged/],
      ];
      for (const [index, [file, content, sentence]] of cases.entries()) {
        const folder = `${root}/${index}`;
        await putIdx(folder, [0, 1, 1, 0], [1, 0]);
        await put(`${folder}/${file}`, content);
        const message = await messageOf(() => findIdx(folder));
        assert.match(message, /^UserError: [^\n]*\.$/);
        assert.match(message, sentence);
      }
      await Deno.remove(`${root}/0/${trainLabels}`);
      await put(`${root}/0/${trainImages}`, idx([4, 2, 3], Array(24).fill(0)));
      assert.match(await messageOf(() => findIdx(`${root}/0`)), /has neither train-labels-idx1-ubyte\.gz nor train-/);
      assert.match(await messageOf(() => findIdx(`${root}/none`)), /UserError: There is no folder/);
    }));
});

suite("readers: CIFAR-10", (test) => {
  test("planes become RGB, names come from batches.meta.txt, in a folder, beside it or as the archive", () =>
    inFolder(async (root) => {
      const files = cifar();
      for (const { name, data } of files) {
        await put(`${root}/plain/${name}`, data);
        await put(`${root}/unpacked/cifar-10-batches-bin/${name}`, data);
      }
      const members = files.map(({ name, data }) => ({ name: `cifar-10-batches-bin/${name}`, data }));
      await put(`${root}/archive/cifar-10-binary.tar.gz`, new Uint8Array(await createTarGzip(members)));
      const found = await findCifar10(`${root}/plain`);
      assert.equal([...found.names], [["0", "plane"], ["1", "car"], ["2", "bird"]]);
      assert.is(found.sources.length, 36);
      const { image, content, picture, split } = found.sources[8];
      assert.equal({ image, content, split }, { image: "data_batch_2.bin#2", content: { class: "1" }, split: "train" });
      assert.equal([picture!.width, picture!.height, picture!.data.length], [32, 32, 3072]);
      assert.equal([...picture!.data.subarray(0, 6)], [22, 23, 24, 21, 22, 23]);
      assert.equal(found.sources.slice(30).map(({ split }) => split), Array(6).fill("validation"));
      const other = (folder: string) => findCifar10(`${root}/${folder}`);
      const renamed = found.sources.map((source) => {
        const image = `cifar-10-batches-bin/${source.image}`;
        return { ...source, image, photograph: image };
      });
      assert.equal(await other("unpacked"), { ...found, sources: renamed });
      assert.equal(await other("archive"), { ...found, sources: renamed });
    }));

  test("every broken file is refused in a sentence that names it", () =>
    inFolder(async (root) => {
      const cases: [file: string, content: Uint8Array | string | null, sentence: RegExp][] = [
        ["data_batch_2.bin", batch([0, 1]).slice(0, -1), /data_batch_2\.bin is damaged: 6145 bytes are not so many/],
        ["data_batch_3.bin", "", /data_batch_3\.bin is damaged: 0 bytes/],
        ["data_batch_5.bin", batch([0, 1]), /data_batch_5\.bin has 2 images, but data_batch_1\.bin has 6/],
        ["test_batch.bin", batch([0, 3]), /test_batch\.bin is damaged: image 1 has label 3 of 3 classes/],
        ["data_batch_4.bin", null, /data_batch_4\.bin cannot be read: there is no such file/],
        ["batches.meta.txt", "\n", /batches\.meta\.txt does not have one class name per line/],
        ["batches.meta.txt", null, /has neither cifar-10-binary\.tar\.gz nor .* nor batches\.meta\.txt/],
        ["cifar-10-binary.tar.gz", "hello", /cifar-10-binary\.tar\.gz is damaged, cut short or no gzip file/],
        [
          "cifar-10-binary.tar.gz",
          new Uint8Array(await createTarGzip(cifar().slice(0, 3))),
          /cifar-10-binary\.tar\.gz has no data_batch_3\.bin in it/,
        ],
      ];
      for (const [index, [file, content, sentence]] of cases.entries()) {
        const folder = `${root}/${index}`;
        for (const { name, data } of cifar()) await put(`${folder}/${name}`, data);
        if (content === null) await Deno.remove(`${folder}/${file}`);
        else await put(`${folder}/${file}`, content);
        const message = await messageOf(() => findCifar10(folder));
        assert.match(message, /^UserError: [^\n]*\.$/);
        assert.match(message, sentence);
      }
    }));
});

suite("prepare: sets with a split of their own", (test) => {
  test("the test images are the validation split, every class has the same number, copies are kept", () =>
    inFolder(async (root) => {
      await putIdx(`${root}/in`, [0, 1, 1, 0, 1, 0, 1], [1, 0, 1]);
      const copies = [5, 5, 6, 5, 7, 8, 9].flatMap((shade) => Array(6).fill(shade));
      await put(`${root}/in/${IDX_FILES.trainImages}`, idx([7, 2, 3], copies));
      const info = await prepare(small({ layout: "idx", from: `${root}/in`, out: `${root}/pack` }));
      assert.equal(info.counts, { train: { "0": 3, "1": 3 }, validation: { "0": 1, "1": 1 } });
      assert.is(info.validation, 0.25);
      assert.equal(info.refusals, { counts: {}, list: [] });
      const trained = await places(`${root}/pack`, "train");
      assert.equal(trained["0"], [0, 3, 5]);
      assert.ok(trained["1"].every((place) => [1, 2, 4, 6].includes(place)));
      assert.equal((await places(`${root}/pack`, "validation"))["0"], [1]);
      const pack = await openPack(`${root}/pack`);
      const images = await pack.images("train");
      (await pack.crops("train")).forEach(({ file, box }, i) => {
        assert.equal(box, [0, 0, 3, 2]);
        assert.is(images[i * 48], copies[6 * Number(file.split("#")[1])]);
      });
    }));

  test("perClass is shared out as the set is, classes keeps the largest, workers change nothing", () =>
    inFolder(async (root) => {
      const labels = Array.from({ length: 90 }, (_, i) => i < 10 ? 2 : i % 2);
      await putIdx(`${root}/in`, labels, labels.slice(0, 40));
      const make = (name: string, changes: Partial<PrepareOptions>) =>
        prepare(small({ layout: "idx", from: `${root}/in`, out: `${root}/${name}`, ...changes }));
      assert.equal((await make("all", {})).counts.train, { "0": 10, "1": 10, "2": 10 });
      const { counts, refusals, validation } = await make("few", { perClass: 33 });
      assert.equal(counts, { train: { "0": 24, "1": 24 }, validation: { "0": 9, "1": 9 } });
      assert.is(validation, 18 / 66);
      assert.equal(refusals.list, [{ file: "class 2", reason: "class too small", detail: "20 crops, 33 are needed" }]);
      assert.equal((await make("two", { classes: 2 })).counts.validation, { "0": 15, "1": 15 });
      await make("again", { perClass: 33, workers: 1 });
      for (const file of ["pack.json", "train.safetensors", "train.jsonl", "validation.safetensors"]) {
        assert.equal(await Deno.readFile(`${root}/few/${file}`), await Deno.readFile(`${root}/again/${file}`), file);
      }
      await make("seed", { perClass: 33, seed: 2 });
      assert.not.equal(await places(`${root}/few`, "train"), await places(`${root}/seed`, "train"));
    }));

  test("a class without test images is refused, and what has no meaning for such a set too", () =>
    inFolder(async (root) => {
      await putIdx(`${root}/in`, [0, 1, 2, 0, 1, 2], [1, 0, 1]);
      const base = { layout: "idx" as const, from: `${root}/in`, out: `${root}/pack` };
      const { refusals } = await prepare(small(base));
      assert.equal(refusals.list, [{ file: "class 2", reason: "class too small", detail: "it is on one side only" }]);
      const refused = (changes: Partial<PrepareOptions>) => messageOf(() => prepare(small({ ...base, ...changes })));
      assert.match(await refused({ validation: 0.2 }), /UserError: --layout idx takes no --validation: .* its? own/);
      assert.match(await refused({ minSide: 8 }), /UserError: --layout idx takes no --min-side/);
      assert.match(await refused({ layout: "cifar10", minSide: 8 }), /UserError: --layout cifar10 takes no --min-side/);
      assert.match(await refused({ layout: "voc", download: true }), /UserError: --layout voc takes no --download/);
    }));

  test("CIFAR-10 goes into a pack under its names", () =>
    inFolder(async (root) => {
      for (const { name, data } of cifar()) await put(`${root}/in/${name}`, data);
      const info = await prepare(small({ layout: "cifar10", from: `${root}/in`, out: `${root}/pack`, size: 32 }));
      assert.equal(info.classes[1], { id: "1", name: "car" });
      assert.equal(info.counts.train, { "0": 10, "1": 10, "2": 10 });
      const pack = await openPack(`${root}/pack`);
      const [{ file }] = await pack.crops("train");
      const shade = 10 * Number(file.split("#")[1]);
      assert.equal([...(await pack.images("train", 0, 1)).subarray(0, 4)], [
        shade + 2,
        shade + 3,
        shade + 4,
        shade + 1,
      ]);
      assert.ok(CIFAR_FILES.slice(0, 5).includes(file.split("#")[0]));
    }));
});
