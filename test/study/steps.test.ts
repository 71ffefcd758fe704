import * as assert from "uvu/assert";
import { networksOf, setsOf } from "../../src/study/networks.ts";
import { presets } from "../../src/study/presets.ts";
import { readStudy } from "../../src/study/settings.ts";
import { stepsOf } from "../../src/study/steps.ts";
import { suite } from "../harness.ts";
import { fresh } from "../train/tiny.ts";

const images = { size: 32, classes: 10, train: 1000, validation: 200 };
const place = { out: "runs/x", data: "packs/x", command: "deno task reproduce" };

suite("studies", (test) => {
  test("paper is section V: six unprotected networks of each architecture, sets of one, three, five and nine", () => {
    const networks = networksOf(presets.paper);
    for (const arch of ["vgg13", "resnet32", "resnet50"]) {
      const bases = networks.filter((network) => network.arch === arch && network.kind === "base");
      assert.equal(bases.map(({ seed }) => seed), [1, 2, 3, 4, 5, 6]);
    }
    const sets = setsOf(presets.paper);
    assert.is(sets.length, (3 * 3 + 1) * 3);
    for (const { from, members } of sets) {
      assert.ok(members.every(({ kind }) => kind === "base"));
      if (from !== "combined") {
        assert.ok([1, 3, 5].includes(members.length) && members.every(({ arch }) => arch === from));
      } else {assert.equal(
          members.map(({ arch }) => arch).sort(),
          ["resnet32", "resnet50", "vgg13"].flatMap((a) => [a, a, a]),
        );}
      // The sixth network of each architecture is in no ensemble.
      assert.ok(members.every(({ seed }) => seed < 6));
    }
    const victims = networks.filter(({ kind }) => kind !== "base");
    assert.ok(victims.every(({ seed }) => seed === 6));
    assert.is(new Set(networks.map(({ name }) => name)).size, networks.length);
  });

  test("every preset's steps come behind what they need, and have names and files of their own", async () => {
    for (const preset of Object.keys(presets) as (keyof typeof presets)[]) {
      const steps = stepsOf(await readStudy(preset), place, images);
      const names = steps.map(({ name }) => name);
      assert.is(new Set(names).size, steps.length);
      const files = steps.flatMap(({ outputs }) => outputs);
      assert.is(new Set(files).size, files.length);
      steps.forEach(({ name, after }, i) => {
        for (const before of after) {
          assert.ok(names.indexOf(before) >= 0 && names.indexOf(before) < i, `${name}: ${before}`);
        }
      });
      assert.is(steps[steps.length - 1].name, "report");
    }
  });

  test("work counts passes: PGD with three steps costs 9 times the images, plain training 3 times", () => {
    const steps = stepsOf(presets.tiny, place, images);
    const work = (name: string) => steps.find((step) => step.name === `networks/${name}`)!.work;
    const { epochs } = presets.tiny.training;
    assert.equal(work("vgg13-base-1"), { vgg13: 3 * epochs * images.train });
    assert.equal(work("vgg13-pgd-3-6"), { vgg13: 9 * epochs * images.train });
    // Both sides of the divergence lead to the weights.
    assert.equal(work("vgg13-mixup-kl-b24-6"), { vgg13: 6 * epochs * images.train });
    const set = steps.find(({ name }) => name === "sets/combined-9-e16")!;
    const each = 3 * 2 * 20 * images.validation;
    assert.equal(set.work, { vgg13: each, resnet32: each, resnet50: each });
  });

  test("an assessment is another where its sets are others or stand in another order", () => {
    const settingsOf = (epsilons: number[]) =>
      stepsOf({ ...presets.paper, epsilons }, place, images).find(({ stage }) => stage === "assessments")!.settings;
    assert.equal(settingsOf([4, 8, 16]), settingsOf([4, 8, 16]));
    assert.not.equal(settingsOf([4, 16]), settingsOf([4, 8, 16]));
    assert.not.equal(settingsOf([16, 8, 4]), settingsOf([4, 8, 16]));
  });

  test("a settings file replaces the preset's settings, and what is wrong with it is said in one sentence", async () => {
    const file = fresh("settings");
    const read = async (content: unknown) => {
      await Deno.writeTextFile(file, typeof content === "string" ? content : JSON.stringify(content));
      return await readStudy("tiny", file);
    };
    assert.equal(await read({ epsilons: [2] }), { ...presets.tiny, epsilons: [2] });
    const wrong: [unknown, RegExp][] = [
      ["{", /is not valid JSON\.$/],
      [[1], /must hold one JSON object\.$/],
      [{ epsilon: [2] }, /: Unrecognized key: "epsilon"\.$/],
      [{ training: { epochs: 0, batch: 32, learningRate: 0.1 } }, /: training: epochs: Too small: [^.]+\.$/],
      [{ surfaces: ["pgd-7"] }, /: surfaces: the first architecture has no pgd-7\.$/],
      [{ pace: ["pgd-99"] }, /: pace: the first architecture has no pgd-99\.$/],
      [{ architectures: [{ arch: "vgg13", width: 1, defences: ["magic"] }] }, /: there is no defence magic\.$/],
      [{ defences: { base: { name: "none" } } }, /: defences: base is the kind without a defence\.$/],
    ];
    for (const [content, sentence] of wrong) {
      let message = "";
      await read(content).catch((error) => message = error.message);
      assert.match(message, sentence);
      assert.ok(message.startsWith(`--settings ${file}`), message);
    }
  });
});
