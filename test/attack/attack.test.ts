import * as assert from "uvu/assert";
import {
  type AdversarialSet,
  type Filter,
  type Manifest,
  openSet,
  writeSet,
} from "../../src/attack/adversarial_set.ts";
import { attack } from "../../src/attack/attack.ts";
import { sha256File } from "../../src/data/files.ts";
import type { Pack } from "../../src/data/pack.ts";
import { digest } from "../nn/networks.ts";
import { suite } from "../harness.ts";
import { engine, refused } from "../ops/engine.ts";
import { fresh, predictions, tinyPack, tinyRun, trainTiny } from "../train/tiny.ts";

const settings = { epsilon: 16, step: 1, steps: 20 };

async function makeSet(
  filter: Filter,
  runs: string[],
  changes = {},
): Promise<{ manifest: Manifest; set: AdversarialSet }> {
  const out = fresh("set");
  const manifest = await attack(await engine(), await tinyPack(), runs, { ...settings, filter, out, ...changes });
  return { manifest, set: await openSet(out) };
}

const picture = (bytes: Uint8Array, n: number) => digest(bytes.subarray(n * 3072, (n + 1) * 3072));

suite("adversarial set", (test) => {
  let runs: string[];
  let pack: Pack;
  let labels: Int32Array;
  let before: number[][];
  /** Every image attacked and kept: what the other filters choose from. */
  let all: AdversarialSet;
  let after: number[][];

  const foolsAll = (n: number) => after.every((member) => member[n] !== labels[n]);
  const allCorrect = (n: number) => before.every((member) => member[n] === labels[n]);

  test("without a filter every held-out image is kept, with its original, label, place and predictions", async () => {
    runs = [await tinyRun(1), await tinyRun(2)];
    pack = await tinyPack();
    labels = await pack.labels("validation");
    const originals = await pack.images("validation");
    before = await predictions(runs, originals);
    const made = await makeSet("none", runs);
    all = made.set;
    after = await predictions(runs, all.images);
    assert.equal(all.manifest, made.manifest);
    assert.equal([...all.indices], [...labels.keys()]);
    assert.equal([...all.labels], [...labels]);
    assert.is(digest(all.originals), digest(originals));
    assert.equal([...all.before], before.flat());
    assert.equal([...all.after], after.flat());
    const { candidates, correct, adversarial } = made.manifest;
    assert.equal([candidates, correct, adversarial], [18, [...labels.keys()].filter(allCorrect).length, 18]);
    // The pack has two images nobody gets right, and the attack works on some: else the filters below show nothing.
    assert.ok(correct > 0 && correct <= 16 && [...labels.keys()].some(foolsAll), `${correct} correct`);
  });

  test("the manifest says who made it, of what, how", async () => {
    const { manifest } = all;
    const { epsilon, step, steps, filter, seed, split, size, classes } = manifest;
    assert.equal({ epsilon, step, steps, filter }, { ...settings, filter: "none" });
    assert.equal([seed, split, size, classes], [pack.info.seed, "validation", 32, pack.classes.map(({ id }) => id)]);
    assert.equal([manifest.pack, manifest.packHash], [pack.path, await sha256File(`${pack.path}/pack.json`)]);
    for (const [i, run] of runs.entries()) {
      const hash = await sha256File(`${run}/weights.safetensors`);
      assert.equal(manifest.members[i], { run, arch: "vgg13", defence: "none", hash });
    }
    assert.is(manifest.members.length, 2);
  });

  for (
    const [filter, keeps] of [
      ["correct-then-wrong", (n: number) => allCorrect(n) && foolsAll(n)],
      ["wrong", foolsAll],
    ] as const
  ) {
    test(`the filter ${filter}`, async () => {
      const { set, manifest } = await makeSet(filter, runs);
      const expected = [...labels.keys()].filter(keeps);
      assert.equal([...set.indices], expected);
      const { candidates, correct, adversarial } = manifest;
      assert.equal([candidates, correct, adversarial], [18, all.manifest.correct, expected.length]);
      expected.forEach((n, i) => {
        assert.is(set.labels[i], labels[n]);
        assert.is(picture(set.images, i), picture(all.images, n), "the adversary of that image");
        assert.is(picture(set.originals, i), picture(all.originals, n));
        for (const member of runs.keys()) {
          assert.is(set.before[member * expected.length + i], before[member][n]);
          assert.is(set.after[member * expected.length + i], after[member][n]);
        }
      });
    });
  }

  test("the two filters keep different images here", () => {
    const wrong = [...labels.keys()].filter(foolsAll);
    assert.ok(wrong.some(allCorrect), "some were correct before");
    assert.ok(wrong.some((n) => !allCorrect(n)), "some were not");
  });

  test("an attack that changes nothing makes an empty set, which opens", async () => {
    const { set, manifest } = await makeSet("correct-then-wrong", runs, { epsilon: 0, steps: 0 });
    assert.is(manifest.adversarial, 0);
    assert.is(manifest.correct, all.manifest.correct);
    assert.equal([set.images.length, set.labels.length, set.before.length], [0, 0, 0]);
  });

  test("what exists is not overwritten; networks of other classes or sizes are refused", async () => {
    const device = await engine();
    await refused(
      () => attack(device, pack, runs, { ...settings, filter: "none", out: all.path }),
      /^--out \S+ exists already; remove it or choose another name\.$/,
    );
    const { run } = await trainTiny({ epochs: 1 });
    const info = JSON.parse(await Deno.readTextFile(`${run}/run.json`));
    const attempt = async (change: Record<string, unknown>) => {
      const content = { ...info, architecture: { ...info.architecture, ...change } };
      await Deno.writeTextFile(`${run}/run.json`, JSON.stringify(content));
      return await attack(device, pack, [run], { ...settings, filter: "none", out: fresh("never") });
    };
    await refused(() => attempt({ classes: ["x", "y", "z"] }), /^\S+ and \S+ differ in their classes\.$/);
    await refused(() => attempt({ size: 40 }), /^\S+ takes images of 40 pixels a side, \S+ has 32\.$/);
  });

  test("the same attack gives the same bytes", async () => {
    const { set } = await makeSet("none", runs);
    for (const file of ["set.json", "set.safetensors"]) {
      const [again, first] = [await Deno.readFile(`${set.path}/${file}`), await Deno.readFile(`${all.path}/${file}`)];
      assert.is(digest(again), digest(first), file);
    }
  });

  test("a round trip keeps everything, and no temporary folder is left", async () => {
    const path = fresh("copy");
    await writeSet({ ...all, path });
    const short = ({ manifest, path: _, ...arrays }: AdversarialSet) => [
      manifest,
      ...Object.entries(arrays).map(([name, values]) => [name, digest(values)]),
    ];
    assert.equal(short(await openSet(path)), short(all));
    const [folder, name] = [path.slice(0, path.lastIndexOf("/")), path.slice(path.lastIndexOf("/") + 1)];
    const beside = Array.from(Deno.readDirSync(folder), (entry) => entry.name).filter((entry) =>
      entry.startsWith(name)
    );
    assert.equal(beside, [name]);
    await refused(() => writeSet({ ...all, path: `${path}/set.json/x` }), /./);
  });

  test("a set that is missing or damaged: one sentence that names the file", async () => {
    const path = fresh("damaged");
    await refused(() => openSet(path), /^\S+\/set\.json cannot be read: there is no such file or folder\.$/);
    await writeSet({ ...all, path });
    const [json, tensors] = [`${path}/set.json`, `${path}/set.safetensors`];
    const [text, bytes] = [await Deno.readTextFile(json), await Deno.readFile(tensors)];
    const manifest = JSON.parse(text);
    const cases: [unknown, RegExp][] = [
      ["{", /^\S+\/set\.json is not valid JSON\.$/],
      [{ ...manifest, format: "superpose-run" }, /^\S+\/set\.json: format: .+\.$/],
      [{ ...manifest, filter: "all" }, /^\S+\/set\.json: filter: .+\.$/],
      [{ ...manifest, members: [] }, /^\S+\/set\.json: members: .+\.$/],
      [{ ...manifest, adversarial: 17 }, /^\S+\/set\.safetensors does not fit set\.json: images is .+\.$/],
      [{ ...manifest, members: manifest.members.slice(1) }, /does not fit set\.json: predictions_before is .+\.$/],
    ];
    for (const [content, sentence] of cases) {
      await Deno.writeTextFile(json, typeof content === "string" ? content : JSON.stringify(content));
      await refused(() => openSet(path), sentence);
    }
    await Deno.writeTextFile(json, text);
    for (const length of [3, 200, bytes.length - 1]) {
      await Deno.writeFile(tensors, bytes.subarray(0, length));
      await refused(() => openSet(path), /^\S+\/set\.safetensors is [^.]+\.$/);
    }
    await Deno.remove(tensors);
    await refused(() => openSet(path), /^\S+\/set\.safetensors cannot be read: there is no such file or folder\.$/);
  });
});
