/** What the tools say when something is wrong with the command line or the files: one sentence, and the right code. */
import * as assert from "uvu/assert";
import { suite } from "../harness.ts";
import { refused } from "../ops/engine.ts";
import { copyPack, fresh } from "../train/tiny.ts";
import { flagged, type Flags, inParallel, tool, toolInputs } from "./fixture.ts";

/** A command line without fault, as far as it can be checked without looking at files. */
const good: Record<string, Flags> = {
  prepare: { layout: "folders", from: "photographs", out: "pack" },
  train: { data: "pack", arch: "vgg13", out: "run" },
  attack: { data: "pack", models: "run", out: "set" },
  assess: { sets: "set", models: "run", out: "table" },
  predict: { data: "pack", model: "run", out: "file" },
  bench: {},
  explain: {},
  tune: {},
  prove: {},
};

/** Values that each flag must refuse. */
const bad: Record<string, Record<string, string[]>> = {
  prepare: {
    layout: ["zip"],
    size: ["0", "8.5", "big", "4097"],
    classes: ["1"],
    "per-class": ["1", "x"],
    validation: ["0", "1", "half"],
    seed: ["-1", "1.5"],
    "min-side": ["0"],
  },
  train: {
    arch: ["vgg19"],
    width: ["0", "-1", "5", "wide"],
    defence: ["hope"],
    alpha: ["0", "1", "beta:2", "beta:0.5,4", "much"],
    lambda: ["-1", "x"],
    "kl-gradient": ["none"],
    "pgd-epsilon": ["-1", "256"],
    "pgd-step": ["0", "x"],
    "pgd-steps": ["0", "2.5"],
    "vat-epsilon": ["-1"],
    "vat-xi": ["0"],
    "vat-steps": ["0"],
    epochs: ["0", "1.5"],
    batch: ["1", "x"],
    lr: ["0", "NaN", "Infinity"],
    seed: ["-1"],
    precision: ["f8"],
  },
  attack: {
    models: ["a,,b"],
    epsilon: ["-1", "256", "e"],
    step: ["0", "-2", "x"],
    steps: ["0", "many", "2.5"],
    filter: ["right"],
    method: ["bim"],
    fusion: ["votes"],
    norm: ["l1"],
    momentum: ["-1", "x"],
  },
  assess: { sets: [",", "a,"], models: ["a, ,b"] },
  predict: { split: ["test"] },
  explain: { arch: ["vgg19"], defence: ["hope"], width: ["0"], size: ["31"], batch: ["1"] },
  prove: { arch: ["vgg19"], width: ["0"], size: ["31"], batch: ["1"] },
  tune: { arch: ["vgg19"], width: ["0"], size: ["31"], batch: ["1"] },
  bench: {
    arch: ["vgg19"],
    width: ["0", "x"],
    size: ["31"],
    batch: ["1"],
    against: ["abacus", "tfjs,"],
    conv: ["fast"],
    shape: ["8,8,8,4", "8,8,8,4,4,3,1,1", "8,8,x,4,4", "8,8,8,4,0", "8,8,8,4,6", "8,8,8,4,4,9"],
  },
};

/** The flags of a defence or a method are refused for their values only where it has them. */
const owner = (flag: string): Flags => {
  if (flag === "momentum") return { method: "mi-fgsm" };
  const [, name = "mixup-kl"] = flag.match(/^(pgd|vat)-/) ?? [];
  return /^(alpha|lambda|kl-gradient|(pgd|vat)-.*)$/.test(flag) ? { defence: name } : {};
};

suite("tools: refusals", (test) => {
  test("bad values, missing and unknown flags, spare words: exit 2, one sentence that names the flag", async () => {
    const cases: { name: string; args: string[]; names: string }[] = [];
    for (const [name, flags] of Object.entries(good)) {
      for (const [flag, values] of Object.entries(bad[name])) {
        for (const value of values) {
          cases.push({ name, args: flagged({ ...flags, ...owner(flag), [flag]: value }), names: `--${flag}` });
        }
      }
      for (const flag of Object.keys(flags)) {
        cases.push({ name, args: flagged({ ...flags, [flag]: null }), names: `--${flag}` });
      }
      cases.push({ name, args: flagged({ ...flags, colour: "red" }), names: "--colour" });
      // One letter away from a flag there is.
      cases.push({ name, args: flagged({ ...flags, outt: "red" }), names: "--outt" });
      cases.push({ name, args: [...flagged(flags), "spare"], names: "argument" });
      cases.push({ name, args: [...flagged({ ...flags, out: null }), "--out"], names: "--out" });
    }
    const train = (more: Flags) => ({ name: "train", args: flagged({ ...good.train, ...more }) });
    cases.push({ ...train({ alpha: "0.4" }), names: "--alpha" });
    cases.push({ ...train({ defence: "mixup", lambda: "3" }), names: "--lambda" });
    cases.push({ ...train({ defence: "pgd", lambda: "3" }), names: "--lambda" });
    cases.push({ ...train({ defence: "vat", "pgd-steps": "3" }), names: "--pgd-steps" });
    cases.push({ ...train({ defence: "pgd", "vat-xi": "3" }), names: "--vat-xi" });
    cases.push({ ...train({ defence: "mixup", "kl-gradient": "both" }), names: "--kl-gradient" });
    cases.push({ ...train({ defence: "vat", precision: "f16" }), names: "--precision" });
    const attack = (more: Flags) => ({ name: "attack", args: flagged({ ...good.attack, ...more }) });
    cases.push({ ...attack({ momentum: "1" }), names: "--momentum" });
    cases.push({ ...attack({ method: "fgsm", step: "1" }), names: "--step" });
    cases.push({ ...attack({ method: "fgsm", steps: "2" }), names: "--steps" });
    cases.push({ name: "bench", args: ["--conv", "naive"], names: "--conv" });
    cases.push({ name: "bench", args: ["--against", "jax", "--precision", "f16"], names: "--precision" });
    cases.push({ name: "bench", args: ["--against", "jax", "--arch", "resnet32"], names: "--arch" });
    const outcomes = await inParallel(cases, ({ name, args }) => tool(name, args), 4);
    outcomes.forEach(({ code, stdout, stderr }, i) => {
      const what = `${cases[i].name} ${cases[i].args.join(" ")}:\n${stderr.join("\n")}`;
      assert.is(code, 2, what);
      assert.is(stderr.length, 1, what);
      assert.ok(stderr[0].includes(cases[i].names), what);
      assert.is(stdout, "", what);
    });
  });

  test("--help exits with 0 and shows every flag", async () => {
    const flags: Record<string, string> = {
      prepare: "layout from out size classes per-class validation seed min-side",
      train: "data arch out width defence alpha lambda kl-gradient pgd-epsilon pgd-step pgd-steps vat-epsilon vat-xi " +
        "vat-steps epochs batch lr seed precision resume adapter no-tune",
      attack: "data models out epsilon method fusion norm step steps momentum random-start filter adapter no-tune",
      assess: "sets models out adapter no-tune",
      predict: "data model out split gradients adapter no-tune",
      explain: "arch defence width size batch precision out adapter no-tune",
      tune: "arch width size batch precision adapter",
      prove: "arch width size batch save adapter no-tune",
      bench: "arch width size batch precision shape conv kernels against save compare write-readme adapter no-tune",
    };
    const names = Object.keys(flags);
    const outcomes = await inParallel(names, (name) => tool(name, ["--help"]));
    outcomes.forEach(({ code, stdout, stderr }, i) => {
      assert.equal([code, stderr], [0, []], names[i]);
      for (const flag of [...flags[names[i]].split(" "), "json", "help"]) assert.match(stdout, `--${flag}`, names[i]);
    });
  });

  test("files that are missing, of another kind or in the way: exit 1, one sentence that names them", async () => {
    const { packs: [pack], photographs: [photographs], runs: [run] } = await toolInputs();
    const [none, out, diverged] = [fresh("none"), fresh("out"), fresh("diverged")];
    const train = { data: pack, arch: "vgg13", out, width: "0.0625", batch: "16" };
    const cut = await copyPack();
    const bytes = await Deno.readFile(`${cut}/train.safetensors`);
    await Deno.writeFile(`${cut}/train.safetensors`, bytes.subarray(0, 9999));
    const cases: [name: string, flags: Flags, names: string][] = [
      ["prepare", { layout: "folders", from: none, out }, none],
      ["prepare", { layout: "det", from: photographs, out }, photographs],
      ["prepare", { layout: "folders", from: photographs, out: run }, run],
      ["train", { ...train, data: none }, none],
      ["train", { ...train, data: run }, run],
      ["train", { ...train, data: cut }, `${cut}/train.safetensors`],
      ["train", { ...train, out: run }, `--out ${run}`],
      ["train", { ...train, resume: true }, "--resume"],
      ["train", { ...train, batch: "65" }, "--batch 65"],
      ["train", { ...train, lr: "1e30", out: diverged }, "--lr"],
      ["train", { ...train, adapter: "abacus" }, "--adapter"],
      ["train", { ...train, out: `${pack}/pack.json/x` }, `${pack}/pack.json`],
      ["attack", { data: pack, models: run, out: `${pack}/pack.json/x` }, `${pack}/pack.json`],
      ["assess", { sets: none, models: run, out: `${pack}/pack.json/x` }, `${pack}/pack.json`],
      ["explain", { out: `${pack}/pack.json/x` }, `${pack}/pack.json`],
      ["attack", { data: none, models: run, out }, none],
      ["attack", { data: pack, models: `${run},${none}`, out }, none],
      ["attack", { data: pack, models: run, out: run }, run],
      ["attack", { data: pack, models: run, out, adapter: "abacus" }, "--adapter"],
      ["assess", { sets: none, models: run, out }, `${none}/set.json`],
      ["assess", { sets: none, models: run, out, adapter: "abacus" }, "--adapter"],
      ["predict", { data: none, model: run, out }, none],
      ["predict", { data: pack, model: none, out }, none],
      ["predict", { data: pack, model: run, out: `${none}/file` }, `${none}/file`],
      ["predict", { data: pack, model: run, out, adapter: "abacus" }, "--adapter"],
      ["bench", { compare: none }, none],
      ["bench", { compare: `${pack}/pack.json` }, `${pack}/pack.json`],
      ["bench", { adapter: "abacus" }, "--adapter"],
      ["tune", { adapter: "abacus" }, "--adapter"],
      ["prove", { adapter: "abacus" }, "--adapter"],
    ];
    const outcomes = await inParallel(cases, ([name, flags]) => tool(name, flagged({ ...flags, json: true })));
    outcomes.forEach(({ code, stdout, stderr }, i) => {
      const [name, flags, names] = cases[i];
      const what = `${name} ${flagged(flags).join(" ")}:\n${stderr.join("\n")}`;
      assert.is(code, 1, what);
      assert.is(stderr.length, 1, what);
      assert.ok(stderr[0].startsWith(`${name}: `) && stderr[0].endsWith(".") && stderr[0].includes(names), what);
      assert.is(stdout, "", what);
    });
    // What failed has left nothing behind; a run that diverged has its settings to tell.
    await refused(() => Deno.stat(out), /No such file/i);
    assert.equal(Array.from(Deno.readDirSync(diverged), ({ name }) => name), ["run.json"]);
  });
});
