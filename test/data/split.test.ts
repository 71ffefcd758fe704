import * as assert from "uvu/assert";
import { balance, type Candidate } from "../../src/data/split.ts";
import { Random } from "../../src/random.ts";
import { suite } from "../harness.ts";

/** Photographs with `classes[i]` crops of class i on average, drawn at random. */
function candidates(photographs: number, classes: Record<string, number>): Candidate[] {
  const random = new Random(5, "candidates");
  return Array.from({ length: photographs }, (_, photograph) =>
    Object.entries(classes).flatMap(([id, mean]) => {
      const count = Math.floor(mean * 2 * random.uniform() + 0.5);
      return Array.from({ length: count }, () => ({ photograph, class: id }));
    })).flat();
}

const tally = (indices: number[], all: Candidate[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const index of indices) counts[all[index].class] = (counts[all[index].class] ?? 0) + 1;
  return counts;
};

const settings = { validation: 0.2, seed: 1 };

suite("split", (test) => {
  test("no photograph is on both sides, no crop is used twice, every class has the same number", () => {
    const all = candidates(400, { rare: 0.4, common: 8, usual: 1.5 });
    const { train, validation, classes, refused } = balance(all, settings);
    assert.equal(classes, ["common", "rare", "usual"]);
    assert.equal(refused, []);
    const photographs = new Set(train.map((index) => all[index].photograph));
    assert.not(validation.some((index) => photographs.has(all[index].photograph)));
    assert.is(new Set([...train, ...validation]).size, train.length + validation.length);
    for (const side of [train, validation]) assert.is(new Set(Object.values(tally(side, all))).size, 1);
    const rare = all.filter((crop) => crop.class === "rare").length;
    const used = tally([...train, ...validation], all).rare;
    assert.ok(used >= 0.97 * rare, `${used} of the ${rare} crops of the scarcest class are used`);
    assert.ok(Math.abs(validation.length / (train.length + validation.length) - 0.2) < 0.02);
  });

  test("one crop per photograph splits exactly", () => {
    const all = Array.from({ length: 200 }, (_, photograph) => ({ photograph, class: `c${photograph % 4}` }));
    const { train, validation } = balance(all, settings);
    assert.equal([train.length, validation.length], [160, 40]);
    const half = balance(all, { ...settings, validation: 0.5 });
    assert.equal([half.train.length, half.validation.length], [100, 100]);
  });

  test("neither side is left empty, however large the other's share", () => {
    const all = Array.from({ length: 40 }, (_, photograph) => ({ photograph, class: `c${photograph % 4}` }));
    for (const [perClass, validation] of [[2, 0.8], [3, 0.9], [10, 0.95], [2, 0.1]]) {
      const found = balance(all, { ...settings, perClass, validation });
      assert.ok(found.train.length > 0 && found.validation.length > 0, `${perClass}, ${validation}`);
    }
  });

  test("perClass caps every class and refuses the smaller ones", () => {
    const all = candidates(300, { a: 3, b: 1, c: 0.28 });
    const { train, validation, classes, refused } = balance(all, { ...settings, perClass: 50 });
    assert.equal(classes, ["a", "b"]);
    assert.equal(tally(train, all), { a: 40, b: 40 });
    assert.equal(tally(validation, all), { a: 10, b: 10 });
    assert.is(refused.length, 1);
    assert.is(refused[0].class, "c");
    assert.match(refused[0].detail, /^\d+ crops, 50 are needed$/);
  });

  test("classes keeps the largest, ties by id", () => {
    const all = ["b", "c", "a", "d", "d"].flatMap((id, k) =>
      Array.from({ length: 10 }, (_, i) => ({ photograph: k * 10 + i, class: id }))
    );
    assert.equal(balance(all, { ...settings, classes: 2 }).classes, ["a", "d"]);
    assert.equal(balance(all, { ...settings, classes: 3 }).classes, ["a", "b", "d"]);
  });

  test("a class that lies in one photograph is refused, and the rest goes on", () => {
    const all = [...candidates(50, { a: 1, b: 1 }), { photograph: 7, class: "c" }, { photograph: 7, class: "c" }];
    const { classes, refused } = balance(all, settings);
    assert.equal(classes, ["a", "b"]);
    assert.equal(refused, [{ class: "c", detail: "its photographs cannot be split in two sides" }]);
  });

  test("nothing usable gives nothing", () => {
    assert.equal(balance([], settings), { classes: [], refused: [], train: [], validation: [] });
  });

  test("the same seed gives the same split, another seed another", () => {
    const all = candidates(100, { a: 2, b: 1 });
    assert.equal(balance(all, settings), balance(all, settings));
    assert.not.equal(balance(all, settings).train, balance(all, { ...settings, seed: 2 }).train);
    const photographs = (seed: number) =>
      [...new Set(balance(all, { ...settings, seed }).validation.map((index) => all[index].photograph))].sort();
    assert.not.equal(photographs(1), photographs(2));
  });
});
