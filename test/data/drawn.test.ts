import * as assert from "uvu/assert";
import { drawScene, HEIGHT, WIDTH } from "../../src/data/drawn/scene.ts";
import { CLASSES, SHAPES } from "../../src/data/drawn/shapes.ts";
import { openPack } from "../../src/data/pack.ts";
import { prepare } from "../../src/data/prepare.ts";
import { suite } from "../harness.ts";
import { inFolder, options } from "./trees.ts";

suite("drawn", (test) => {
  test("ten shapes that fill about the unit disc and differ from each other", () => {
    assert.is(CLASSES.length, 10);
    const inside = CLASSES.map((id) => {
      const cells: boolean[] = [];
      for (let y = -1.15; y <= 1.15; y += 0.1) {
        for (let x = -1.15; x <= 1.15; x += 0.1) {
          cells.push(SHAPES[id](x, y) < 0);
          if (Math.hypot(x, y) > 1.14) assert.ok(SHAPES[id](x, y) > 0, `${id} reaches ${x},${y}`);
        }
      }
      return cells;
    });
    for (const [i, a] of inside.entries()) {
      assert.ok(a.filter(Boolean).length > 80, `${CLASSES[i]} is too thin`);
      for (const [k, b] of inside.slice(0, i).entries()) {
        const differing = a.filter((cell, at) => cell !== b[at]).length;
        assert.ok(differing > 15, `${CLASSES[i]} looks like ${CLASSES[k]}`);
      }
    }
  });

  test("a scene is a function of seed and index, and its boxes lie inside it", () => {
    const draw = (seed: number, index: number) => drawScene(["star", "ring", "disc", "cross", "heart"], seed, index);
    assert.equal(draw(1, 2), draw(1, 2));
    assert.not.equal(draw(1, 2).rgba, draw(1, 3).rgba);
    assert.not.equal(draw(1, 2).rgba, draw(2, 2).rgba);
    for (let index = 0; index < 10; index++) {
      const { rgba, objects } = draw(4, index);
      assert.is(rgba.length, WIDTH * HEIGHT * 4);
      assert.equal(objects.map((object) => object.class), ["star", "ring", "disc", "cross", "heart"]);
      for (const { xmin, ymin, xmax, ymax } of objects) {
        assert.ok(xmin >= 0 && ymin >= 0 && xmax < WIDTH && ymax < HEIGHT);
        assert.ok(Math.min(xmax - xmin, ymax - ymin) >= 12 && Math.max(xmax - xmin, ymax - ymin) <= 60);
      }
    }
  });

  test("the pack is balanced over ten classes, keeps its source, and is the same again", () =>
    inFolder(async (root) => {
      const make = async (out: string, workers: number, seed = 1) => {
        await prepare(options({ layout: "drawn", out: `${root}/${out}`, perClass: 10, workers, seed, size: 16 }));
        return await openPack(`${root}/${out}`);
      };
      const [first, again, other] = [await make("a", 2), await make("b", 1), await make("c", 2, 2)];
      assert.equal(first.classes.map(({ id }) => id), CLASSES);
      for (const id of CLASSES) assert.equal([first.info.counts.train[id], first.info.counts.validation[id]], [8, 2]);
      assert.equal(again.info, first.info);
      assert.not.equal(other.info.files, first.info.files);
      assert.equal(first.info.refusals, { counts: {}, list: [] });
      const { file } = (await first.crops("train"))[0];
      assert.ok((await Deno.stat(`${root}/a/${first.info.source.from}/${file}`)).size > 1000);
    }));
});
