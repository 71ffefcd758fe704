import * as assert from "uvu/assert";
import { sha256File } from "../../src/data/files.ts";
import { doStudy, openStudy, type StudyOptions } from "../../src/study/study.ts";
import { estimate } from "../../src/study/estimate.ts";
import { suite } from "../harness.ts";
import { engine } from "../ops/engine.ts";
import { fresh, tinyPack } from "../train/tiny.ts";

/** All parts of a study, each as small as it can be. */
const smallest = {
  training: { epochs: 2, batch: 16, learningRate: 0.05 },
  architectures: [
    { arch: "vgg13", width: 0.0625, defences: ["mixup-kl-b24"] },
    { arch: "resnet32", width: 0.25, defences: [] },
  ],
  ensembles: [1],
  combined: 1,
  epsilons: [8],
  surfaces: ["base", "mixup-kl-b24"],
  rays: ["base"],
  pace: ["base"],
};

async function options(out: string, changes: Partial<typeof smallest> = {}): Promise<StudyOptions> {
  const settings = fresh("settings");
  await Deno.writeTextFile(settings, JSON.stringify({ ...smallest, ...changes }));
  return { preset: "tiny", settings, data: (await tinyPack()).path, out, command: "deno task reproduce" };
}

/** Stops the process that does the study, as far as that can be had within one process. */
class Stop extends Error {}

/** Does a study, stopped after so many epochs of training. */
async function go(given: StudyOptions, epochs = Infinity) {
  const opened = await openStudy(given);
  const watch = () => ({
    onEpoch: () => {
      if (--epochs <= 0) throw new Stop();
    },
  });
  return await doStudy(await engine(), opened, { watch, count: () => () => {} });
}

/** Every file of a folder, by path, with its hash, but for those that hold a clock's readings. */
async function filesOf(folder: string, below = ""): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${below}${name}`;
    if (isDirectory) Object.assign(files, await filesOf(`${folder}/${name}`, `${path}/`));
    else if (!/(^|\/)(clock\.jsonl|pace\.json|steps\/(pace|report)\.json|report\.html)$/.test(path)) {
      files[path] = await sha256File(`${folder}/${name}`);
    }
  }
  return files;
}

/** A page without what a clock has said. */
const timeless = (page: string) => page.replace(/<(\w+) class="[^"]*\bclock\b[^"]*"[^>]*>.*?<\/\1>/gs, "");

suite("study", (test) => {
  const out = fresh("study");

  test("ends in a report with every table and figure", async () => {
    const given = await options(out);
    const { done, waiting, report } = await go(given);
    assert.is(done[done.length - 1], "report");
    assert.equal(waiting, []);
    const page = await Deno.readTextFile(report);
    // Fig. 1 needs a network that was fooled, which chance decides here.
    assert.ok(page.includes(`<section id="attack"`));
    for (const number of ["2", "3", "4", "5", "6"]) assert.ok(page.includes(`>Fig. ${number}.<`), `Fig. ${number}`);
    for (const number of ["I", "II", "III"]) assert.ok(page.includes(`>Table ${number}.<`), `Table ${number}`);
    assert.ok(page.includes("deno task train --data"), "the commands");
    assert.equal((await go(given)).done, []);
  });

  test("stopped three times on the way it ends with the same bytes", async () => {
    const stopped = `${out}-elsewhere`;
    await Deno.rename(out, stopped);
    const given = await options(out);
    for (const epochs of [1, 4, 3]) await go(given, epochs).catch((error) => assert.instance(error, Stop));
    await go(given);
    assert.equal(await filesOf(out), await filesOf(stopped));
    const [ours, theirs] = [out, stopped].map((folder) => timeless(Deno.readTextFileSync(`${folder}/report.html`)));
    assert.is(ours, theirs);
  });

  test("a changed setting redoes only what depends on it", async () => {
    const { done } = await go(await options(out, { rays: [] }));
    assert.equal(done, ["report"]);
    const again = (await go(await options(out, { epsilons: [4] }))).done;
    assert.ok(!again.some((name) => name.startsWith("networks/")), again.join());
    assert.ok(again.some((name) => name.startsWith("sets/")));
  });

  test("an estimate prices what is to be done and writes nothing", async () => {
    const nowhere = fresh("nowhere");
    const opened = await openStudy(await options(nowhere), { dry: true });
    const { steps, total } = await estimate(await engine(), opened);
    assert.is(total.steps, steps.length);
    for (const { name, gflops, seconds } of steps.filter(({ name }) => /networks|sets/.test(name))) {
      assert.ok(gflops > 0 && seconds > 0, name);
    }
    assert.ok(await Deno.stat(nowhere).then(() => false, () => true));
  });
});
