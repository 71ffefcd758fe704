/**
 * Every flag changes what it should and nothing else: each tool is run with a few base flags and then with one of them
 * changed, and the documents and tensors it writes are compared.
 */
import * as assert from "uvu/assert";
import { readSafetensors } from "../../src/data/safetensors.ts";
import { digest } from "../nn/networks.ts";
import { suite } from "../harness.ts";
import { engine } from "../ops/engine.ts";
import { fresh } from "../train/tiny.ts";
import { differences, flagged, type Flags, inParallel, tool, toolInputs } from "./fixture.ts";

interface Case {
  flags: Flags;
  /** Where the documents must differ: these paths and none besides. */
  document: string[];
  /** Which tensors must differ, likewise; a tensor only one of the two has differs. */
  tensors: string[];
}

interface Written {
  document: unknown;
  tensors: Record<string, string>;
}

/** Runs a tool and reads what it wrote: with --json its stdout must be the one document, and nothing else. */
async function outcome(
  name: string,
  flags: Flags,
  file: string,
  documentOf: (printed: unknown, out: string) => unknown,
): Promise<Written> {
  const out = fresh(name);
  const { code, stdout, stderr } = await tool(name, flagged({ ...flags, out, json: true }));
  assert.is(code, 0, `${name} ${flagged(flags).join(" ")}:\n${stderr.join("\n")}`);
  const document = await documentOf(JSON.parse(stdout), out);
  const tensors: Record<string, string> = {};
  if (file !== "none") {
    const read = await readSafetensors(out + file);
    for (const [key, { shape, data }] of Object.entries(read.tensors)) tensors[key] = `${shape}: ${digest(data)}`;
  }
  return { document, tensors };
}

/** Compares each case with the base run; paths that begin with an entry of `apart` may differ or not. */
async function compare(
  name: string,
  base: Flags,
  cases: Case[],
  file: string,
  documentOf: (printed: unknown, out: string) => unknown,
  apart: string[] = [],
): Promise<void> {
  const run = (flags: Flags) => outcome(name, { ...base, ...flags }, file, documentOf);
  const [first, ...others] = await inParallel([{}, ...cases.map(({ flags }) => flags)], run);
  others.forEach((other, i) => {
    const what = `${name}: ${flagged(cases[i].flags).join(" ")}`;
    const found = differences(first, other).filter((path) => !apart.some((start) => path.startsWith(start)));
    const { document, tensors } = cases[i];
    const expected = [...document.map((path) => `document.${path}`), ...tensors.map((key) => `tensors.${key}`)];
    assert.equal(found.sort(), expected.sort(), what);
  });
}

const readJson = async (path: string) => JSON.parse(await Deno.readTextFile(path));

/** The printed document must be the file's. */
const sameAs = (file: string) => async (printed: unknown, out: string) => {
  assert.equal(printed, await readJson(`${out}/${file}`));
  return printed;
};

suite("tools: every flag", (test) => {
  test("prepare", async () => {
    const { photographs: [from, other] } = await toolInputs();
    const base = { layout: "folders", from, size: "8", validation: "0.25", seed: "1", "min-side": "4" };
    const all = ["images", "labels"];
    const cases: Case[] = [
      { flags: { size: "9" }, document: ["size"], tensors: ["images"] },
      { flags: { classes: "2" }, document: ["classes"], tensors: all },
      { flags: { "per-class": "4" }, document: [], tensors: all },
      { flags: { validation: "0.5" }, document: ["validation"], tensors: all },
      { flags: { seed: "2" }, document: ["seed"], tensors: all },
      { flags: { "min-side": "7" }, document: ["minSide", "refusals.list"], tensors: all },
      { flags: { from: other }, document: ["source.from"], tensors: ["images"] },
      {
        flags: { layout: "drawn", from: null, "per-class": "4" },
        document: ["classes", "source.from", "source.layout"],
        tensors: all,
      },
    ];
    const apart = ["document.counts", "document.files", "document.refusals.counts"];
    await compare("prepare", base, cases, "/train.safetensors", sameAs("pack.json"), apart);
  });

  test("train", async () => {
    const { packs: [data, other], runs } = await toolInputs();
    const base = {
      data,
      arch: "vgg13",
      width: "0.0625",
      defence: "mixup-kl",
      alpha: "0.4",
      lambda: "3",
      "kl-gradient": "both",
      epochs: "1",
      batch: "16",
      lr: "0.05",
      seed: "1",
    };
    const { tensors } = await readSafetensors(`${runs[0]}/weights.safetensors`);
    const everything = Object.keys(tensors).filter((name) => !/num_batches_tracked/.test(name));
    const weights = everything.filter((name) => !isConvolutionBias(name));
    const change = (flags: Flags, ...document: string[]): Case => ({ flags, document, tensors: weights });
    const normaliser = ["mean", "std"].flatMap((part) => [0, 1, 2].map((c) => `architecture.normaliser.${part}.${c}`));
    const cases = [
      { ...change({ width: "0.1" }, "architecture.width"), tensors: everything },
      change(
        { defence: "mixup", lambda: null, "kl-gradient": null },
        "training.defence",
        "training.lambda",
        "training.klGradient",
      ),
      change(
        { defence: "none", alpha: null, lambda: null, "kl-gradient": null },
        "training.defence",
        "training.alpha",
        "training.lambda",
        "training.klGradient",
      ),
      change({ precision: "f16" }, "training.precision"),
      change(
        { defence: "pgd", alpha: null, lambda: null, "kl-gradient": null },
        ...["defence", "alpha", "lambda", "klGradient", "epsilon", "step", "steps"].map((key) => `training.${key}`),
      ),
      change(
        { defence: "vat", alpha: null, "kl-gradient": null },
        ...["defence", "alpha", "klGradient", "epsilon", "xi", "steps"].map((key) => `training.${key}`),
      ),
      change({ alpha: "0.3" }, "training.alpha.fixed"),
      change({ alpha: "beta:2,4" }, "training.alpha.fixed", "training.alpha.beta"),
      change({ lambda: "4" }, "training.lambda"),
      change({ "kl-gradient": "mixed" }, "training.klGradient"),
      change({ "kl-gradient": "clean" }, "training.klGradient"),
      change({ epochs: "2" }, "training.epochs"),
      change({ batch: "32" }, "training.batch"),
      change({ lr: "0.06" }, "training.learningRate"),
      change({ seed: "2" }, "training.seed"),
      change({ data: other }, "training.pack", "training.packHash", ...normaliser),
    ];
    await compare("train", base, cases, "/weights.safetensors", async (printed, out) => {
      const { run, log } = printed as { run: string; log: unknown[] };
      const settings = await readJson(`${out}/run.json`);
      assert.equal([run, log.length], [out, settings.training.epochs]);
      return settings;
    });
  });

  test("train's flags of pgd and vat", async () => {
    const { packs: [data] } = await toolInputs();
    const common = { data, arch: "vgg13", width: "0.0625", epochs: "1", batch: "16" };
    const settings = async (flags: Flags) => {
      const out = fresh("defence");
      assert.is((await tool("train", flagged({ ...common, ...flags, out }))).code, 0);
      const { defence, epsilon, step, steps, xi, lambda } = (await readJson(`${out}/run.json`)).training;
      return [defence, epsilon, step ?? xi, steps, lambda];
    };
    const found = await inParallel([
      { defence: "pgd" },
      { defence: "pgd", "pgd-epsilon": "4", "pgd-step": "1.5", "pgd-steps": "3" },
      { defence: "vat" },
      { defence: "vat", "vat-epsilon": "5", "vat-xi": "1", "vat-steps": "1", lambda: "0.5" },
    ], settings);
    assert.equal(found, [
      ["pgd", 8, 2, 7, undefined],
      ["pgd", 4, 1.5, 3, undefined],
      ["vat", 15, 0.1, 3, 1],
      ["vat", 5, 1, 1, 0.5],
    ]);
  });

  test("train's defaults are those of the command line's description", async () => {
    const { packs: [data] } = await toolInputs();
    // The batch is the one default a tiny pack cannot take, and 30 epochs take too long: both come from the refusal.
    const out = fresh("defaults");
    const { code, stderr } = await tool("train", ["--data", data, "--arch", "vgg13", "--out", out]);
    assert.equal([code, stderr.length], [1, 1]);
    assert.match(stderr[0], /--batch 128 exceeds/);
    const settings = async (flags: Flags) => {
      const folder = fresh("defaults");
      const all = { data, arch: "vgg13", out: folder, width: "0.0625", batch: "64", epochs: "1", ...flags };
      assert.is((await tool("train", flagged(all))).code, 0);
      const { defence, alpha, lambda, klGradient, learningRate, seed } =
        (await readJson(`${folder}/run.json`)).training;
      return [defence, alpha, lambda, klGradient, learningRate, seed];
    };
    const found = await inParallel([{}, { defence: "mixup" }, { defence: "mixup-kl" }], settings);
    assert.equal(found, [
      ["none", undefined, undefined, undefined, 0.1, 1],
      ["mixup", { fixed: 0.4 }, undefined, undefined, 0.1, 1],
      ["mixup-kl", { beta: [2, 4] }, 10, "both", 0.1, 1],
    ]);
  });

  test("attack", async () => {
    const { packs: [data, other], runs: [a, b] } = await toolInputs();
    const base = { data, models: `${a},${b}`, epsilon: "4", step: "2", steps: "3", filter: "none" };
    const all = ["images", "indices", "labels", "originals", "predictions_before"];
    const fusions = ["logits", "softmax", "loss"];
    const cases: Case[] = [
      { flags: { epsilon: "5" }, document: ["epsilon"], tensors: ["images"] },
      { flags: { step: "1" }, document: ["step"], tensors: ["images"] },
      { flags: { steps: "1" }, document: ["steps"], tensors: ["images"] },
      { flags: { steps: "auto" }, document: ["steps"], tensors: ["images"] },
      { flags: { method: "mi-fgsm" }, document: ["method", "momentum"], tensors: ["images"] },
      { flags: { method: "mi-fgsm", momentum: "0.5" }, document: ["method", "momentum"], tensors: ["images"] },
      { flags: { method: "pgd" }, document: ["method", "randomStart"], tensors: ["images"] },
      {
        flags: { method: "fgsm", step: null, steps: null },
        document: ["method", "step", "steps"],
        tensors: ["images"],
      },
      { flags: { "random-start": true }, document: ["randomStart"], tensors: ["images"] },
      { flags: { norm: "l2" }, document: ["norm"], tensors: ["images"] },
      ...fusions.map((fusion) => ({ flags: { fusion }, document: ["fusion"], tensors: ["images"] })),
      { flags: { filter: "wrong" }, document: ["adversarial", "filter"], tensors: all },
      { flags: { filter: null }, document: ["adversarial", "filter"], tensors: all },
      { flags: { models: a }, document: ["members"], tensors: ["images", "predictions_before"] },
      {
        flags: { data: other },
        document: ["adversarial", "candidates", "pack", "packHash", "seed"],
        tensors: all,
      },
    ];
    const steps: number[] = [];
    // How many were correct and who is fooled is the networks' business, not the flag's.
    await compare("attack", base, cases, "/set.safetensors", async (printed, out) => {
      steps.push((printed as { steps: number }).steps);
      return await sameAs("set.json")(printed, out);
    }, ["document.correct", "tensors.predictions_after"]);
    assert.equal(new Set(steps), new Set([3, 1, 5]), "auto is 5 for ε = 4");
  });

  test("assess and predict", async () => {
    const { packs: [data, other], runs: [a, b, c] } = await toolInputs();
    const sets = [fresh("set"), fresh("set")];
    for (const [i, models] of [a, b].entries()) {
      assert.is((await tool("attack", flagged({ data, models, out: sets[i], epsilon: "24" }))).code, 0);
    }
    const assessed = async (flags: Flags) => {
      const out = fresh("assessment");
      const { code, stdout, stderr } = await tool("assess", flagged({ sets: sets[0], models: c, ...flags, out }));
      assert.is(code, 0, stderr.join("\n"));
      assert.is(stdout, await Deno.readTextFile(`${out}/assessment.md`));
      return await readJson(`${out}/assessment.json`);
    };
    const [one, two, others] = await inParallel([{}, { sets: sets.join() }, { models: `${c},${a}` }], assessed);
    assert.equal([one, two, others].map(({ sets }) => sets.length), [1, 2, 1]);
    assert.equal([one, two, others].map(({ networks }) => networks.map(({ run }: { run: string }) => run)), [
      [c],
      [c],
      [c, a],
    ]);
    assert.equal(two.networks[0].cells[0], one.networks[0].cells[0]);
    assert.is(two.networks[0].cells.length, 2);
    assert.equal(others.networks[0], one.networks[0]);
    assert.is(others.networks[1].cells[0].member, true);

    const cases: Case[] = [
      { flags: { model: b }, document: [], tensors: ["logits"] },
      { flags: { split: "train" }, document: ["split"], tensors: ["images", "labels", "logits"] },
      { flags: { gradients: true }, document: [], tensors: ["input_gradients"] },
      { flags: { data: other }, document: [], tensors: ["images", "labels", "logits"] },
    ];
    const printed = (document: unknown) => document;
    await compare("predict", { data, model: a }, cases, "", printed, [
      "document.out",
      "document.images",
      "document.correct",
      "document.accuracy",
    ]);
  });

  test("--json on assess, --adapter by the name it has", async () => {
    const { packs: [data], runs: [a] } = await toolInputs();
    const set = fresh("set");
    assert.is((await tool("attack", flagged({ data, models: a, out: set, filter: "none", steps: "1" }))).code, 0);
    await outcome("assess", { sets: set, models: a }, "none", sameAs("assessment.json"));

    // The first word of the name: "llvmpipe", "NVIDIA", "Apple".
    const [adapterName] = (await engine()).gpu.name.match(/\w+/) ?? [];
    assert.ok(adapterName);
    const files = [fresh("predictions"), fresh("predictions")];
    const run = (adapter: string | null, out: string) => tool("predict", flagged({ data, model: a, out, adapter }));
    for (const [i, adapter] of [null, adapterName].entries()) assert.is((await run(adapter, files[i])).code, 0);
    assert.is(digest(await Deno.readFile(files[1])), digest(await Deno.readFile(files[0])));
  });
});

/** torchvision has biases there that batch norm makes redundant: zeros in every file. */
function isConvolutionBias(name: string): boolean {
  return ["0", "3", "7", "10", "14", "17", "21", "24", "28", "31"].some((n) => name === `features.${n}.bias`);
}
