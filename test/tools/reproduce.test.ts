/** The tools that do a study, as a person runs them: every flag, and what is refused. */
import * as assert from "uvu/assert";
import { sha256File } from "../../src/data/files.ts";
import { suite } from "../harness.ts";
import { fresh } from "../train/tiny.ts";
import { flagged, type Flags, inParallel, tool, toolInputs } from "./fixture.ts";

const smallest = {
  architectures: [{ arch: "vgg13", width: 0.0625, defences: [] }],
  training: { epochs: 1, batch: 16, learningRate: 0.05 },
  surfaces: [],
  rays: [],
  pace: [],
};

const smallestDrawing = { size: 32, classes: 3, perClass: 20 };

async function settingsFile(changes: object = {}): Promise<string> {
  const file = fresh("settings");
  await Deno.writeTextFile(file, JSON.stringify({ ...smallest, ...changes }));
  return file;
}

/** What a dry run prints as JSON. */
async function planned(
  flags: Flags,
): Promise<{ steps: { name: string; command: string }[]; total: { steps: number } }> {
  const { code, stdout, stderr } = await tool("reproduce", flagged({ "dry-run": true, json: true, ...flags }));
  assert.is(code, 0, stderr.join("\n"));
  return JSON.parse(stdout);
}

suite("tools: reproduce and demo", (test) => {
  test("every flag changes the steps it should", async () => {
    const { packs: [data] } = await toolInputs();
    const out = fresh("study");
    const base = { preset: "tiny", settings: await settingsFile(), data, out };
    const [first, drawn, other, only, quick] = await inParallel([
      base,
      { ...base, data: null },
      { ...base, settings: await settingsFile({ epsilons: [8] }), out: `${out}-2` },
      { ...base, only: "networks/vgg13-base-2" },
      { out, preset: "quick" },
    ], planned);
    const names = ({ steps }: typeof first) => steps.map(({ name }) => name);
    assert.is(first.total.steps, first.steps.length);
    assert.ok(first.steps[1].command.includes(`--data ${data}`));
    assert.ok(drawn.steps[0].command.startsWith("deno task prepare --layout drawn"));
    assert.equal(names(drawn), names(first));
    assert.ok(names(other).every((name) => !name.endsWith("-e16")));
    assert.ok(other.steps[1].command.endsWith(`--out ${out}-2/networks/vgg13-base-1`));
    assert.equal(names(only), ["pack", "networks/vgg13-base-2"]);
    assert.ok(names(quick).includes("networks/vgg13-mixup-kl-b24-6"));
    assert.ok(await Deno.stat(out).then(() => false, () => true), "a dry run writes nothing");
  });

  test("the commands it prints do by hand what it does itself", async () => {
    const settings = await settingsFile({ ensembles: [1], combined: 0, epsilons: [4], drawn: smallestDrawing });
    const flags = { preset: "quick", settings, out: fresh("study") };
    const { steps } = await planned(flags);
    const byHand = steps.filter(({ name }) => name !== "report").map(({ command }) => command.split(" "));
    for (const [deno, task, name, ...args] of byHand) {
      assert.equal([deno, task], ["deno", "task"]);
      const { code, stderr } = await tool(name, args);
      assert.is(code, 0, `${name} ${args.join(" ")}:\n${stderr.join("\n")}`);
    }
    const files = ["pack/pack.json", "networks/vgg13-base-2/weights.safetensors", "sets/vgg13-1-e4/set.safetensors"]
      .concat("sets/vgg13-1-e4/set.json", "assessments/vgg13-base-2/assessment.json");
    const hashes = () => Promise.all(files.map((file) => sha256File(`${flags.out}/${file}`)));
    const made = await hashes();
    await Deno.rename(flags.out, `${flags.out}-by-hand`);
    assert.is((await tool("reproduce", flagged(flags))).code, 0);
    assert.equal(await hashes(), made);
  });

  test("a shard does its own steps and exits with 75 while it has to wait", async () => {
    const { packs: [data] } = await toolInputs();
    const flags: Flags = {
      settings: await settingsFile(),
      data,
      out: fresh("study"),
      only: "networks/vgg13-base-1",
      json: true,
    };
    const outcomes = [];
    for (const shard of ["2/2", "1/2", "2/2"]) outcomes.push(await tool("reproduce", flagged({ ...flags, shard })));
    assert.equal(outcomes.map(({ code }) => code), [75, 0, 0]);
    assert.equal(JSON.parse(outcomes[1].stdout).done, ["pack", "networks/vgg13-base-1"]);
    assert.equal(JSON.parse(outcomes[2].stdout).upToDate, ["pack", "networks/vgg13-base-1"]);
  });

  test("what is wrong is said in one sentence that names it", async () => {
    const { packs: [data], runs: [run] } = await toolInputs();
    const none = fresh("none");
    const good = { settings: await settingsFile(), data, out: fresh("study") };
    const cases: [code: number, name: string, flags: Flags, names: string][] = [
      [2, "reproduce", { ...good, preset: "huge" }, "--preset"],
      [2, "reproduce", { ...good, shard: "0/2" }, "--shard"],
      [2, "reproduce", { ...good, shard: "3/2" }, "--shard"],
      [2, "reproduce", { ...good, colour: "red" }, "--colour"],
      [1, "reproduce", { preset: "small" }, "--data"],
      [1, "reproduce", { ...good, data: none }, none],
      [1, "reproduce", { ...good, settings: none }, none],
      [1, "reproduce", { ...good, settings: await settingsFile({ seed: -1 }) }, "seed"],
      [1, "reproduce", { ...good, only: "nothing" }, "--only nothing"],
      [1, "reproduce", { ...good, out: run }, `--out ${run}`],
      [1, "reproduce", { ...good, adapter: "abacus" }, "--adapter"],
      [2, "demo", { colour: "red" }, "--colour"],
      [1, "demo", { out: run }, `--out ${run}`],
      [1, "demo", { out: fresh("demo"), quick: true, adapter: "abacus" }, "--adapter"],
    ];
    const outcomes = await inParallel(cases, ([, name, flags]) => tool(name, flagged({ ...flags, json: true })));
    outcomes.forEach(({ code, stdout, stderr }, i) => {
      const [expected, name, flags, names] = cases[i];
      const what = `${name} ${flagged(flags).join(" ")}:\n${stderr.join("\n")}`;
      assert.is(code, expected, what);
      assert.is(stderr.length, 1, what);
      assert.ok(stderr[0].includes(names), what);
      assert.is(stdout, "", what);
    });
  });

  test("--help shows every flag", async () => {
    const flags = {
      reproduce: "preset settings data out only shard dry-run adapter no-tune",
      demo: "out quick adapter no-tune",
    };
    for (const [name, all] of Object.entries(flags)) {
      const { code, stdout } = await tool(name, ["--help"]);
      assert.is(code, 0);
      for (const flag of [...all.split(" "), "json", "help"]) assert.match(stdout, `--${flag}`, `${name} --${flag}`);
    }
  });
});
