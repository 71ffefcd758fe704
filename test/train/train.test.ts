import * as assert from "uvu/assert";
import { openSafetensors, readSafetensors } from "../../src/data/safetensors.ts";
import { type EpochLog, epochSchema } from "../../src/train/checkpoint.ts";
import type { TrainSettings } from "../../src/train/settings.ts";
import { train } from "../../src/train/train.ts";
import { suite } from "../harness.ts";
import { digest } from "../nn/networks.ts";
import { engine, refused } from "../ops/engine.ts";
import { contentOf, fresh, otherPack, tinyPack, tinySettings, trainTiny } from "./tiny.ts";

suite("training", (test) => {
  const first = fresh("first");
  let log: EpochLog[] = [];

  test("loss falls and the patterns are learnt; log and result agree", async () => {
    const seen: number[] = [];
    const result = await trainTiny({ epochs: 4 }, { out: first, onEpoch: ({ epoch }) => seen.push(epoch) });
    ({ log } = result);
    assert.equal(seen, [1, 2, 3, 4]);
    assert.ok(log[3].loss < 0.5 * log[0].loss, `${log.map(({ loss }) => loss)}`);
    // Two of the eighteen labels are wrong.
    assert.ok(result.validationAccuracy >= 13 / 18, `${result.validationAccuracy}`);
    assert.is(result.validationAccuracy, log[3].validationAccuracy);
    const accuracies = log.map(({ validationAccuracy }) => validationAccuracy);
    assert.is(result.bestAccuracy, Math.max(...accuracies));
    assert.is(result.bestEpoch, accuracies.indexOf(result.bestAccuracy) + 1);
    const lines = (await Deno.readTextFile(`${first}/log.jsonl`)).trimEnd().split("\n");
    assert.equal(lines.map((line) => epochSchema.parse(JSON.parse(line))), log);
  });

  test("the same seed gives the same bytes, another seed others; the best weights are those of the best epoch", async () => {
    const best = log.reduce((a, b) => b.validationAccuracy > a.validationAccuracy ? b : a).epoch;
    const again = fresh("again");
    let ofBest = "";
    await trainTiny({ epochs: 4 }, {
      out: again,
      onEpoch: ({ epoch }) => {
        if (epoch === best) ofBest = digest(Deno.readFileSync(`${again}/weights.safetensors`));
      },
    });
    assert.equal(await contentOf(again), await contentOf(first));
    assert.is((await contentOf(again)).best, ofBest);

    const other = fresh("other");
    await trainTiny({ epochs: 4, seed: 2 }, { out: other });
    const [ours, theirs] = [await contentOf(first), await contentOf(other)];
    for (const part of ["weights", "best", "state"] as const) assert.not.equal(theirs[part], ours[part], part);
  });

  test("the weights a run begins with are its seed's", async () => {
    const begin = async (seed: number) => {
      const out = fresh("beginning");
      await trainTiny({ seed, learningRate: 1e-30, batch: 64, epochs: 1 }, { out });
      const { tensors } = await readSafetensors(`${out}/weights.safetensors`);
      return ["features.0.weight", "features.28.weight", "classifier.weight"].map((name) => digest(tensors[name].data));
    };
    const [one, two] = [await begin(1), await begin(2)];
    assert.is(new Set([...one, ...two]).size, 6);
    assert.equal(await begin(1), one);
  });

  test("goes on from where it stopped, from nothing, and from the end", async () => {
    const whole = await contentOf(first);
    const out = fresh("stopped");
    const stop = new Error("stop");
    const halt = (at: number) => ({ epoch }: EpochLog) => {
      if (epoch === at) throw stop;
    };
    for (const [at, resume] of [[1, false], [2, true]] as const) {
      await trainTiny({ epochs: 4 }, { out, resume, onEpoch: halt(at) }).catch((error) => assert.is(error, stop));
    }
    const seen: number[] = [];
    const { log } = await trainTiny({ epochs: 4 }, { out, resume: true, onEpoch: ({ epoch }) => seen.push(epoch) });
    assert.equal(seen, [3, 4]);
    assert.is(log.length, 4);
    assert.equal(await contentOf(out), whole);
    await trainTiny({ epochs: 4 }, { out, resume: true, onEpoch: () => assert.unreachable() });
    assert.equal(await contentOf(out), whole);

    // Stopped before its first epoch ended, a run has nothing but its settings.
    const bare = fresh("bare");
    await Deno.mkdir(bare);
    await Deno.copyFile(`${first}/run.json`, `${bare}/run.json`);
    await trainTiny({ epochs: 4 }, { out: bare, resume: true });
    assert.equal(await contentOf(bare), whole);
  });

  test("with activations in f16 the patterns are learnt too, to the same bytes after a stop", async () => {
    if (!(await engine()).gpu.halves) return;
    const [whole, stopped] = [fresh("whole"), fresh("stopped")];
    const settings = { precision: "f16", epochs: 4 } as const;
    const { log, validationAccuracy } = await trainTiny(settings, { out: whole });
    assert.ok(log[3].loss < 0.5 * log[0].loss, `${log.map(({ loss }) => loss)}`);
    assert.ok(validationAccuracy >= 13 / 18, `${validationAccuracy}`);
    const stop = new Error("stop");
    const onEpoch = () => {
      throw stop;
    };
    await trainTiny(settings, { out: stopped, onEpoch }).catch((error) => assert.is(error, stop));
    await trainTiny(settings, { out: stopped, resume: true });
    assert.equal(await contentOf(stopped), await contentOf(whole));
    assert.not.equal((await contentOf(whole)).weights, (await contentOf(first)).weights);
  });

  test("a run from before there was a --precision goes on in f32", async () => {
    const [out, whole] = [fresh("earlier"), await contentOf(first)];
    await Deno.mkdir(out);
    const begun = JSON.parse(await Deno.readTextFile(`${first}/run.json`));
    delete begun.training.precision;
    await Deno.writeTextFile(`${out}/run.json`, JSON.stringify(begun));
    await refused(
      () => trainTiny({ epochs: 4, precision: "f16" }, { out, resume: true }),
      /training\.precision f32, now/,
    );
    await trainTiny({ epochs: 4 }, { out, resume: true });
    assert.equal((await contentOf(out)).weights, whole.weights);
  });

  test("the noise of PGD and VAT, drawn on the device, goes on where it stood", async () => {
    const defences = [
      { name: "pgd", epsilon: 8, step: 2, steps: 2 },
      { name: "vat", epsilon: 15, xi: 0.1, steps: 1, lambda: 1 },
    ] as const;
    for (const defence of defences) {
      const [whole, stopped] = [fresh("whole"), fresh("stopped")];
      await trainTiny({ defence }, { out: whole });
      const stop = new Error("stop");
      const onEpoch = () => {
        throw stop;
      };
      await trainTiny({ defence }, { out: stopped, onEpoch }).catch((error) => assert.is(error, stop));
      await trainTiny({ defence }, { out: stopped, resume: true });
      assert.equal(await contentOf(stopped), await contentOf(whole), defence.name);
    }
  });

  test("where other settings are asked for, a run can be made way for", async () => {
    const out = fresh("restarted");
    await trainTiny({ epochs: 1, seed: 5 }, { out });
    const seen: number[] = [];
    const options = { out, resume: "or restart", onEpoch: ({ epoch }: EpochLog) => seen.push(epoch) } as const;
    await trainTiny({ epochs: 4 }, options);
    assert.equal(seen, [1, 2, 3, 4]);
    assert.equal(await contentOf(out), await contentOf(first));
    await trainTiny({ epochs: 4 }, { ...options, onEpoch: () => assert.unreachable() });
  });

  test("a reader never sees half a file, and leftovers of a killed run disturb nobody", async () => {
    const out = fresh("watched");
    const leftover = `${out}/weights.safetensors.0a1b2c3d.tmp`;
    await Deno.mkdir(out);
    await Deno.writeTextFile(leftover, "half a");
    let done = false;
    const training = trainTiny({ epochs: 4 }, { out }).finally(() => done = true);
    const read = { weights: 0, "weights.best": 0, state: 0, log: 0 };
    const missing = (error: Error) => {
      if (!/no such file/i.test(error.message)) throw error;
    };
    while (!done) {
      for (const name of ["weights", "weights.best", "state"] as const) {
        await openSafetensors(`${out}/${name}.safetensors`).then(() => read[name]++, missing);
      }
      await Deno.readTextFile(`${out}/log.jsonl`).then((text) => {
        for (const line of text.split("\n").slice(0, -1)) epochSchema.parse(JSON.parse(line));
        assert.ok(text.endsWith("\n"));
        read.log++;
      }, missing);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await training;
    for (const [name, times] of Object.entries(read)) assert.ok(times > 20, `${name} was read ${times} times`);
    assert.equal(await contentOf(out), await contentOf(first));
    const names = Array.from(Deno.readDirSync(out), ({ name }) => name).filter((name) => name.endsWith(".tmp"));
    assert.equal(names, ["weights.safetensors.0a1b2c3d.tmp"]);
  });

  test("another setting, another pack or no --resume are refused, each named", async () => {
    const [out, pack, device] = [first, await tinyPack(), await engine()];
    const before = await contentOf(out);
    const begun = tinySettings({ epochs: 4 });
    const changes: [Partial<TrainSettings>, string][] = [
      [{ width: 0.125 }, "architecture\\.width 0\\.0625, now it is 0\\.125"],
      [{ epochs: 7 }, "training\\.epochs 4, now it is 7"],
      [{ batch: 8 }, "training\\.batch 16, now it is 8"],
      [{ learningRate: 0.1 }, "training\\.learningRate 0\\.05, now it is 0\\.1"],
      [{ seed: 2 }, "training\\.seed 1, now it is 2"],
      [{ defence: { name: "mixup", alpha: { fixed: 0.4 } } }, "training\\.defence none, now it is mixup"],
    ];
    for (const [change, sentence] of changes) {
      const resume = () => train(device, pack, { ...begun, ...change }, { out, resume: true });
      await refused(resume, new RegExp(`^--resume: \\S+/run\\.json was begun with ${sentence}\\.$`));
    }
    const other = await otherPack();
    await refused(() => train(device, other, begun, { out, resume: true }), /^--resume: .*normaliser|packHash/);
    await refused(() => train(device, pack, begun, { out }), /^--out \S+ already holds a run; add --resume/);
    const none = fresh("none");
    await refused(
      () => train(device, pack, begun, { out: none, resume: true }),
      /^--resume: there is no run at \S+\.$/,
    );
    await refused(() => Deno.stat(none), /No such file/i);
    assert.equal(await contentOf(out), before);

    await Deno.mkdir(none);
    await Deno.writeTextFile(`${none}/run.json`, "{");
    await refused(
      () => train(device, pack, begun, { out: none, resume: true }),
      /^\S+\/run\.json is not valid JSON\.$/,
    );
  });

  test("a run goes on when its pack was moved", async () => {
    const moved = fresh("moved");
    const content = JSON.parse(await Deno.readTextFile(`${first}/run.json`));
    await Deno.mkdir(moved);
    content.training.pack = "/elsewhere";
    await Deno.writeTextFile(`${moved}/run.json`, JSON.stringify(content));
    await Deno.copyFile(`${first}/state.safetensors`, `${moved}/state.safetensors`);
    await trainTiny({ epochs: 4 }, { out: moved, resume: true, onEpoch: () => assert.unreachable() });
  });

  test("a damaged checkpoint is refused in one sentence that names it", async () => {
    const out = fresh("damaged");
    await trainTiny({ epochs: 1 }, { out });
    const path = `${out}/state.safetensors`;
    const bytes = await Deno.readFile(path);
    const resume = () => trainTiny({ epochs: 1 }, { out, resume: true });
    await Deno.writeFile(path, bytes.subarray(0, bytes.length - 5));
    await refused(resume, /^\S+\/state\.safetensors is cut short: [^.]+\.$/);
    await Deno.copyFile(`${out}/weights.safetensors`, path);
    await refused(resume, /^\S+\/state\.safetensors does not fit this network: [^.]+\.$/);
  });

  test("a loss that is no longer a number is reported in one sentence", async () => {
    const sentence = /^The loss is no longer a number; try a smaller --lr\.$/;
    await refused(() => trainTiny({ learningRate: 1e30 }), sentence);
    // One step, which itself is still fine; what it leaves is not.
    const out = fresh("one-step");
    const once = { learningRate: 1e30, batch: 64, epochs: 1 };
    await refused(() => trainTiny(once, { out }), /^The validation loss is no longer a number; try a smaller --lr\.$/);
    assert.equal(Array.from(Deno.readDirSync(out), ({ name }) => name), ["run.json"]);
  });

  test("a network that is very sure of wrong classes has a large loss, not an infinite one", async () => {
    const out = fresh("sure");
    const { log } = await trainTiny({ learningRate: 10, epochs: 1 }, { out });
    assert.ok(log[0].validationLoss > 1e4 && Number.isFinite(log[0].validationLoss), `${log[0].validationLoss}`);
    await trainTiny({ learningRate: 10, epochs: 1 }, { out, resume: true });
  });

  test("too large a batch is refused before anything is written", async () => {
    const out = fresh("large");
    await refused(() => trainTiny({ batch: 65 }, { out }), /^--batch 65 exceeds the 64 training images of \S+\.$/);
    await refused(() => Deno.stat(out), /No such file/i);
    const { log } = await trainTiny({ batch: 64, epochs: 1 }, { out });
    assert.ok(Number.isFinite(log[0].loss));
  });

  test("all of a run's memory is given back", async () => {
    const { gpu } = await engine();
    const before = [gpu.allocatedBytes, gpu.allocatedBuffers];
    await trainTiny({ epochs: 1, defence: { name: "mixup", alpha: { fixed: 0.4 } } });
    assert.equal([gpu.allocatedBytes, gpu.allocatedBuffers], before);
  });

  test("the state holds the flat buffers and the log", async () => {
    const { tensors, metadata } = await readSafetensors(`${first}/state.safetensors`);
    assert.equal(Object.keys(tensors).sort(), ["statistics", "velocities", "weights"]);
    assert.equal(JSON.parse(metadata.log), log);
  });
});
