import * as assert from "uvu/assert";
import { sha256File } from "../../src/data/files.ts";
import { checkFits, openRun, openRuns, readRun } from "../../src/nn/run.ts";
import { saveWeights } from "../../src/nn/weights.ts";
import type { Architecture } from "../../src/nn/network.ts";
import { inFolder } from "../data/trees.ts";
import { suite } from "../harness.ts";
import { engine, refused } from "../ops/engine.ts";
import { architecture, digest, randomTwin } from "./networks.ts";

async function putRun(path: string, seed: number, design: Architecture): Promise<void> {
  await Deno.mkdir(path);
  const { network } = await randomTwin(seed, design);
  await saveWeights(`${path}/weights.safetensors`, network);
  network.free();
  const training = { defence: "mixup", pack: "somewhere", seed, more: [1] };
  const content = { format: "superpose-run", version: 1, architecture: design, training };
  await Deno.writeTextFile(`${path}/run.json`, JSON.stringify(content));
}

suite("run folder", (test) => {
  test("opens with its settings, its weights and their hash", () =>
    inFolder(async (folder) => {
      const run = `${folder}/a`;
      await putRun(run, 4, architecture());
      const opened = await openRun(await engine(), run);
      assert.equal(opened.info.architecture, architecture());
      const { defence, pack, seed } = opened.info.training;
      assert.equal({ defence, pack, seed }, { defence: "mixup", pack: "somewhere", seed: 4 });
      assert.is(opened.hash, await sha256File(`${run}/weights.safetensors`));
      const { network, state } = await randomTwin(4, architecture());
      const weights = await opened.network.parameters.read();
      for (const [name, { data }] of state) {
        assert.is(digest(weights.get(name)!), digest(Float32Array.from(data)), name);
      }
      for (const resource of [network, opened.network]) resource.free();
    }));

  test("what is no run is refused in one sentence that names the file", () =>
    inFolder(async (folder) => {
      await refused(() => readRun(`${folder}/none`), /^\S+\/none is not a trained network: it has no run\.json\.$/);
      await putRun(`${folder}/a`, 4, architecture());
      const content = JSON.parse(await Deno.readTextFile(`${folder}/a/run.json`));
      const cases: [string, RegExp][] = [
        ["{", /^\S+\/run\.json is not valid JSON\.$/],
        ["[]", /^\S+\/run\.json: .+\.$/],
        [JSON.stringify({ ...content, format: "superpose-set" }), /^\S+\/run\.json: format: .+\.$/],
        [JSON.stringify({ ...content, version: 2 }), /^\S+\/run\.json: version: .+\.$/],
        [
          JSON.stringify({ ...content, architecture: { ...content.architecture, size: 31 } }),
          /^\S+\/run\.json: architecture\.size: .+\.$/,
        ],
        [
          JSON.stringify({ ...content, architecture: { ...content.architecture, arch: "vgg99" } }),
          /^\S+\/run\.json: architecture\.arch: .+\.$/,
        ],
        [JSON.stringify({ ...content, training: {} }), /^\S+\/run\.json: training\.defence: .+\.$/],
      ];
      for (const [text, sentence] of cases) {
        await Deno.writeTextFile(`${folder}/a/run.json`, text);
        await refused(() => readRun(`${folder}/a`), sentence);
      }
    }));

  test("a run without weights, or with another network's", () =>
    inFolder(async (folder) => {
      const device = await engine();
      for (const [name, seed, width] of [["a", 1, 0.125], ["b", 2, 0.0625]] as const) {
        await putRun(`${folder}/${name}`, seed, architecture({ width }));
      }
      await Deno.rename(`${folder}/b/weights.safetensors`, `${folder}/a/weights.safetensors`);
      await refused(
        () => openRun(device, `${folder}/a`),
        /^\S+\/a\/weights\.safetensors: features\.0\.weight is F32 .+\.$/,
      );
      await refused(() => openRun(device, `${folder}/b`), /^\S+\/b has no weights\.safetensors yet: .+\.$/);
    }));

  test("runs open together only if they take the same images and tell the same classes apart", () =>
    inFolder(async (folder) => {
      const device = await engine();
      const [a, b, larger, others] = ["a", "b", "larger", "others"].map((name) => `${folder}/${name}`);
      await putRun(a, 1, architecture({ width: 0.0625 }));
      await putRun(b, 2, architecture());
      await putRun(larger, 3, architecture({ size: 40 }));
      await putRun(others, 4, { ...architecture(), classes: ["ant", "cat", "bee"] });
      const opened = await openRuns(device, [a, b]);
      assert.equal(opened.map(({ path }) => path), [a, b]);
      for (const { network } of opened) network.free();
      await refused(() => openRuns(device, [a, larger]), /^\S+\/larger takes images of 40 pixels .*\/a has 32\.$/);
      await refused(() => openRuns(device, [a, b, others]), /^\S+\/others and \S+\/a differ in their classes\.$/);
    }));

  test("checkFits names both sides", () => {
    const wanted = { size: 32, classes: ["x", "y"] };
    checkFits("mine", { size: 32, classes: ["x", "y"] }, wanted, "yours");
    const message = (size: number, classes: string[]) => {
      try {
        checkFits("mine", { size, classes }, wanted, "yours");
      } catch (error) {
        return (error as Error).message;
      }
    };
    assert.is(message(64, ["x", "y"]), "mine takes images of 64 pixels a side, yours has 32.");
    for (const classes of [["x"], ["y", "x"], ["x", "y", "z"]]) {
      assert.is(message(32, classes), "mine and yours differ in their classes.");
    }
    assert.is(message(32, ["x,y"]), "mine and yours differ in their classes.");
  });
});
