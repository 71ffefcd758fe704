import * as assert from "uvu/assert";
import { assess, merge } from "../../src/assess/assess.ts";
import { assessmentTable } from "../../src/assess/table.ts";
import { attack } from "../../src/attack/attack.ts";
import { sha256File } from "../../src/data/files.ts";
import { openPack, type Pack, SPLITS } from "../../src/data/pack.ts";
import { openSet } from "../../src/attack/adversarial_set.ts";
import { suite } from "../harness.ts";
import { engine, refused } from "../ops/engine.ts";
import { copyPack, fresh, otherPack, predictions, tinyPack, tinyRun, trainTiny } from "../train/tiny.ts";

async function makeSet(pack: Pack, runs: string[], epsilon: number): Promise<string> {
  const out = fresh("assessed-set");
  await attack(await engine(), pack, runs, { filter: "correct-then-wrong", out, epsilon, step: 2, steps: epsilon });
  return out;
}

suite("assessment", (test) => {
  let members: string[];
  let stranger: string;
  /** Two sets of different ensembles, and one that kept nothing. */
  let sets: string[];

  test("counts agree with predictions made by hand, for every network on every set", async () => {
    const pack = await tinyPack();
    members = [await tinyRun(1), await tinyRun(2)];
    stranger = await tinyRun(3);
    sets = [
      await makeSet(pack, members, 16),
      await makeSet(pack, members.slice(0, 1), 24),
      await makeSet(pack, members, 0),
    ];
    const runs = [stranger, ...members];
    const { networks, ...rest } = await assess(await engine(), sets, runs);
    assert.equal(rest.sets.map(({ path }) => path), sets);
    assert.equal(networks.map(({ run }) => run), runs);
    const count = (seen: number[], labels: Int32Array) => ({
      correct: seen.filter((predicted, n) => predicted === labels[n]).length,
      count: labels.length,
    });
    for (const split of SPLITS) {
      const seen = await predictions(runs, await pack.images(split));
      const labels = await pack.labels(split);
      networks.forEach((network, i) => assert.equal(network[split], count(seen[i], labels), split));
    }
    for (const [s, path] of sets.slice(0, 2).entries()) {
      const { originals, images, labels } = await openSet(path);
      assert.ok(labels.length > 0);
      const [before, after] = [await predictions(runs, originals), await predictions(runs, images)];
      networks.forEach(({ cells }, i) => {
        assert.equal(cells[s].true, count(before[i], labels));
        assert.equal(cells[s].adversarial, count(after[i], labels));
        for (const label of [0, 1, 2]) {
          const wanted = [...labels.keys()].filter((n) => labels[n] === label);
          const right = (seen: number[]) => wanted.filter((n) => seen[n] === label).length;
          const { perClass } = cells[s];
          assert.equal(
            [perClass.count[label], perClass.true[label], perClass.adversarial[label]],
            [wanted.length, right(before[i]), right(after[i])],
          );
        }
      });
      // What the filter says of the members.
      for (const { cells: { [s]: cell } } of networks.filter(({ cells: { [s]: { member } } }) => member)) {
        assert.equal([cell.true.correct, cell.adversarial.correct], [labels.length, 0]);
      }
    }
    assert.ok(networks.some(({ cells }) => cells[1].adversarial.correct > 0), "not everybody is fooled");
    for (const { cells } of networks) {
      assert.equal([cells[2].true, cells[2].adversarial], [{ correct: 0, count: 0 }, { correct: 0, count: 0 }]);
    }
  });

  test("who was a member is known by the weights, not by the folder's name", async () => {
    const copy = fresh("copy-of-a-member");
    await Deno.mkdir(copy);
    for (const file of ["run.json", "weights.safetensors"]) {
      await Deno.copyFile(`${members[0]}/${file}`, `${copy}/${file}`);
    }
    const { networks } = await assess(await engine(), sets, [copy, members[1], stranger]);
    assert.equal(networks.map(({ cells }) => cells.map(({ member }) => member)), [
      [true, true, true],
      [true, false, true],
      [false, false, false],
    ]);
    assert.is(networks[0].hash, await sha256File(`${members[0]}/weights.safetensors`));
    assert.equal(networks.map(({ defence }) => defence), ["none", "none", "none"]);
  });

  test("assessments of different networks merge into what one of them all would be", async () => {
    const device = await engine();
    const [one, other] = [await assess(device, sets, [stranger]), await assess(device, sets, members)];
    assert.equal(merge([one, other]), await assess(device, sets, [stranger, ...members]));
    assert.equal(merge([one]), one);
    await refused(() => merge([one, one]), new RegExp(`^${stranger} is in two of the assessments to merge\\.$`));
    const fewer = await assess(device, sets.slice(1), members);
    await refused(() => merge([one, fewer]), /^Assessments of different sets cannot be merged\.$/);
  });

  test("the table has a row per network, marks members and leaves a dash for an empty set", async () => {
    const assessment = await assess(await engine(), sets, [stranger, members[0]]);
    const [header, rule, ...rows] = assessmentTable(assessment).split("\n");
    const cells = (row: string) => row.split("|").slice(1, -1).map((cell) => cell.trim());
    assert.match(cells(header)[4], /^True \(2 members, ε = 16, n = \d+\)$/);
    assert.match(cells(header)[7], /^Adv\. \(1 member, ε = 24, n = \d+\)$/);
    assert.equal([header, rule, ...rows].map((row) => cells(row).length), [10, 10, 10, 10]);
    assert.equal(cells(rows[0]).slice(8), ["–", "–"]);
    assert.equal(cells(rows[1]).slice(8), ["–", "– (member)"]);
    assert.match(cells(rows[0])[5], /^\d+\.\d % \[\d+\.\d, \d+\.\d\]$/);
    assert.match(cells(rows[1])[5], /^0\.0 % \[0\.0, \d+\.\d\] \(member\)$/);
    assert.is(cells(rows[0])[1], "none");
  });

  test("sets of different packs, networks of other classes and a changed or missing pack are refused", async () => {
    const device = await engine();
    const runs = [stranger];
    const foreign = await makeSet(await otherPack(), members, 8);
    await refused(
      () => assess(device, [sets[0], foreign], runs),
      new RegExp(`^${foreign} and ${sets[0]} were made from different packs\\.$`),
    );

    const { run } = await trainTiny({ epochs: 1 });
    const info = JSON.parse(await Deno.readTextFile(`${run}/run.json`));
    info.architecture.classes = ["x", "y", "z"];
    await Deno.writeTextFile(`${run}/run.json`, JSON.stringify(info));
    await refused(() => assess(device, sets, [run]), /^\S+ and \S+ differ in their classes\.$/);

    const pack = await copyPack();
    const set = await makeSet(await openPack(pack), members, 8);
    await assess(device, [set], runs);
    const text = await Deno.readTextFile(`${pack}/pack.json`);
    await Deno.writeTextFile(`${pack}/pack.json`, text + "\n");
    const sentence = new RegExp(`^${set} was made from the pack ${pack}, which is no longer there or has changed\\.$`);
    await refused(() => assess(device, [set], runs), sentence);
    await Deno.remove(pack, { recursive: true });
    await refused(() => assess(device, [set], runs), sentence);
  });

  test("all memory is given back", async () => {
    const { gpu } = await engine();
    const before = [gpu.allocatedBytes, gpu.allocatedBuffers];
    await assess(await engine(), sets, [stranger]);
    await makeSet(await tinyPack(), members, 2);
    assert.equal([gpu.allocatedBytes, gpu.allocatedBuffers], before);
  });
});
