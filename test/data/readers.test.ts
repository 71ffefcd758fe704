import * as assert from "uvu/assert";
import { parseAnnotation } from "../../src/data/annotation.ts";
import { findDet } from "../../src/data/readers/det.ts";
import { findFolders } from "../../src/data/readers/folders.ts";
import { findVoc } from "../../src/data/readers/voc.ts";
import { walk } from "../../src/data/readers/source.ts";
import { suite } from "../harness.ts";
import { DET, DET_DATA, inFolder, messageOf, put, xml } from "./trees.ts";

suite("annotation", (test) => {
  test("any field order, CRLF, floats, comments, entities and deeper names are read", () => {
    const text = [
      '\ufeff<?xml version="1.0"?>',
      "<annotation verified='yes'> <!-- a note -->",
      " <filename> dog 1.jpg </filename><size><depth>3</depth><height>50</height><width>40</width></size>",
      " <object><part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>",
      "  <bndbox><ymax>30.75</ymax><xmin>1.5</xmin><xmax>2e1</xmax><ymin>-3</ymin></bndbox>",
      "  <attributes><name>colour</name></attributes><name>cat &amp; dog</name></object>",
      " <object><name>007</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>x</xmax><ymax>4</ymax></bndbox></object>",
      " <object><bndbox/></object>",
      "</annotation>",
    ].join("\r\n");
    assert.equal(parseAnnotation(text), {
      filename: "dog 1.jpg",
      size: { width: 40, height: 50 },
      objects: [
        { class: "cat & dog", corners: { xmin: 1.5, ymin: -3, xmax: 20, ymax: 30.75 } },
        { class: "007", corners: undefined },
        { class: undefined, corners: undefined },
      ],
    });
  });

  test("no objects and no size are fine; what is not an annotation is not", () => {
    const empty = { filename: undefined, size: undefined, objects: [] };
    assert.equal(parseAnnotation("<annotation></annotation>"), empty);
    assert.equal(parseAnnotation("<annotation><size><width>0</width><height>0</height></size></annotation>"), empty);
    for (const text of ["", "hello", "<annotation><object>", "<annotation></wrong>", "<html></html>"]) {
      assert.throws(() => parseAnnotation(text), undefined, text);
    }
  });
});

suite("readers", (test) => {
  test("det pairs by path in train and val, from ILSVRC/ or the folder that holds it", () =>
    inFolder(async (root) => {
      const train = "DET/train/ILSVRC2013_train/n02";
      await put(`${root}/ILSVRC/Annotations/${train}/n02_1.xml`, xml([]));
      await put(`${root}/ILSVRC/Data/${train}/n02_1.JPEG`, "");
      await put(`${root}/ILSVRC/Annotations/DET/val/v_7.xml`, xml([]));
      await put(`${root}/ILSVRC/Data/DET/val/v_7.JPEG`, "");
      await put(`${root}/ILSVRC/Data/DET/test/t_1.JPEG`, "");
      await put(`${root}/${DET}/lost.xml`, xml([]));
      await put(`${root}/${DET_DATA}/bare.JPEG`, "");
      await put(`${root}/some-words.txt`, "n02\tbull dog, cur\r\nn03\tcat");
      const found = await findDet(root);
      assert.equal(found.sources, [
        {
          image: `ILSVRC/Data/${train}/n02_1.JPEG`,
          photograph: "n02_1",
          content: { annotation: `ILSVRC/Annotations/${train}/n02_1.xml`, corners: "det" },
        },
        {
          image: "ILSVRC/Data/DET/val/v_7.JPEG",
          photograph: "v_7",
          content: { annotation: "ILSVRC/Annotations/DET/val/v_7.xml", corners: "det" },
        },
      ]);
      assert.equal(found.refusals, [
        { file: `${DET}/lost.xml`, reason: "missing image" },
        { file: `${DET_DATA}/bare.JPEG`, reason: "missing annotation" },
      ]);
      assert.equal([...found.names], [["n02", "bull dog"], ["n03", "cat"]]);
      const inside = await findDet(`${root}/ILSVRC`);
      assert.equal(inside.sources.map(({ image }) => `ILSVRC/${image}`), found.sources.map(({ image }) => image));
      assert.match(await messageOf(() => findDet(`${root}/ILSVRC/Data`)), /UserError: .* is not in the DET layout/);
      assert.match(await messageOf(() => findDet(`${root}/none`)), /UserError: There is no folder .*none/);
    }));

  test("voc finds the JPEG in JPEGImages/, beside the XML, by <filename>, or anywhere if only one has the name", () =>
    inFolder(async (root) => {
      await put(`${root}/A/Annotations/sub/1.xml`, xml([], { filename: "stale.jpg" }));
      await put(`${root}/A/JPEGImages/sub/1.jpg`, "");
      await put(`${root}/B/1.xml`, xml([]));
      await put(`${root}/B/1.JPG`, "");
      await put(`${root}/B/2.xml`, xml([], { filename: "two.with.dots" }));
      await put(`${root}/B/two.with.dots.jpeg`, "");
      await put(`${root}/labels/3.xml`, xml([], { filename: "C:\\pictures\\three.jpg" }));
      await put(`${root}/images/three.jpg`, "");
      await put(`${root}/labels/4.xml`, xml([], { filename: "1.jpg" })); // two files have this name
      await put(`${root}/labels/5.xml`, "<broken");
      await put(`${root}/images/extra.jpg`, "");
      const found = await findVoc(root);
      const pairs = found.sources.map(({ image, content }) => "annotation" in content && [content.annotation, image]);
      assert.equal(pairs, [
        ["A/Annotations/sub/1.xml", "A/JPEGImages/sub/1.jpg"],
        ["B/1.xml", "B/1.JPG"],
        ["B/2.xml", "B/two.with.dots.jpeg"],
        ["labels/3.xml", "images/three.jpg"],
      ]);
      assert.equal(found.refusals, [
        { file: "labels/4.xml", reason: "missing image" },
        { file: "labels/5.xml", reason: "missing image" },
        { file: "images/extra.jpg", reason: "missing annotation" },
      ]);
      assert.match(await messageOf(() => findVoc(`${root}/images`)), /UserError: .*there is no XML file/);
    }));

  test("folders takes each first-level folder as a class, however deep its JPEGs lie", () =>
    inFolder(async (root) => {
      for (const path of ["cat/1.jpg", "cat/deep/2.JPEG", "dog/1.jpg", "loose.jpg", "dog/3.png", "dog/notes.txt"]) {
        await put(`${root}/${path}`, "");
      }
      const { sources, refusals } = await findFolders(root);
      assert.equal(sources.map(({ image, content }) => [image, content]), [
        ["cat/1.jpg", { class: "cat" }],
        ["cat/deep/2.JPEG", { class: "cat" }],
        ["dog/1.jpg", { class: "dog" }],
      ]);
      assert.equal(refusals, [
        { file: "dog/3.png", reason: "not a JPEG" },
        { file: "loose.jpg", reason: "not in a class folder" },
      ]);
      assert.match(await messageOf(() => findFolders(`${root}/cat/deep`)), /UserError: .*has no class folders/);
    }));

  test("a folder may hold more files than a call takes arguments", async () => {
    const readDir = Deno.readDir;
    const entry = (name: string, isDirectory: boolean) => ({
      name,
      isDirectory,
      isFile: !isDirectory,
      isSymlink: false,
    });
    const listed = {
      "root/": [entry("all", true)],
      "root/all": Array.from({ length: 300_000 }, (_, i) => entry(`${i}.JPEG`, false)),
    } as Record<string, Deno.DirEntry[]>;
    try {
      Deno.readDir = async function* (path) {
        yield* listed[`${path}`];
      };
      assert.is((await walk("root")).length, 300_000);
    } finally {
      Deno.readDir = readDir;
    }
  });
});
