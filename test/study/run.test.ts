import * as assert from "uvu/assert";
import { Records } from "../../src/study/records.ts";
import { claimFolder, needed, pendingSteps, runSteps, type Shard } from "../../src/study/run.ts";
import type { Step } from "../../src/study/steps.ts";
import { suite } from "../harness.ts";
import { fresh } from "../train/tiny.ts";

/** Two numbers, their sum, and twice the sum, each in a file. */
function arithmetic(out: string, numbers: Record<"a" | "b", number>): Step[] {
  const step = (name: string, stage: Step["stage"], after: string[], settings: unknown): Step => (
    { name, stage, after, settings, outputs: [`${out}/${name}`], task: { kind: "pack" }, work: {}, command: name }
  );
  return [
    step("a", "networks", [], numbers.a),
    step("b", "networks", [], numbers.b),
    step("sum", "sets", ["a", "b"], "a + b"),
    step("double", "report", ["sum"], "2 sum"),
  ];
}

/** Does the steps and returns which were done. */
async function go(out: string, numbers: Record<"a" | "b", number>, shard?: Shard, failAt?: string) {
  const read = async (name: string) => Number(await Deno.readTextFile(`${out}/${name}`));
  const make = async ({ name, settings }: Step) => {
    if (name === failAt) throw new Error("killed");
    const values: Record<string, () => Promise<number>> = {
      sum: async () => await read("a") + await read("b"),
      double: async () => 2 * await read("sum"),
    };
    await Deno.writeTextFile(`${out}/${name}`, String(await values[name]?.() ?? settings));
  };
  return await runSteps(arithmetic(out, numbers), new Records(out), make, { shard });
}

suite("steps of a study", (test) => {
  test("what is up to date is not done again, and a killed run goes on where it stood", async () => {
    const out = fresh("steps");
    await claimFolder(out, {});
    await go(out, { a: 1, b: 2 }, undefined, "sum").catch(() => {});
    assert.equal((await go(out, { a: 1, b: 2 })).done, ["sum", "double"]);
    assert.is(await Deno.readTextFile(`${out}/double`), "6");
    const again = await go(out, { a: 1, b: 2 });
    assert.equal([again.done, again.upToDate], [[], ["a", "b", "sum", "double"]]);
  });

  test("a changed setting redoes what depends on it, and only as far as anything changed", async () => {
    const out = fresh("steps");
    await claimFolder(out, {});
    await go(out, { a: 1, b: 2 });
    assert.equal((await go(out, { a: 5, b: 2 })).done, ["a", "sum", "double"]);
    assert.is(await Deno.readTextFile(`${out}/double`), "14");
    const steps = arithmetic(out, { a: 4, b: 3 });
    assert.equal((await pendingSteps(steps, new Records(out))).map(({ name }) => name), ["a", "b", "sum", "double"]);
    // The sum comes out as before, so what is behind it stays as it is.
    assert.equal((await go(out, { a: 4, b: 3 })).done, ["a", "b", "sum"]);
  });

  test("a file that was changed, removed or recorded unreadably is made again", async () => {
    const out = fresh("steps");
    await claimFolder(out, {});
    await go(out, { a: 1, b: 2 });
    await Deno.writeTextFile(`${out}/sum`, "7");
    assert.equal((await go(out, { a: 1, b: 2 })).done, ["sum"]);
    await Deno.remove(`${out}/double`);
    assert.equal((await go(out, { a: 1, b: 2 })).done, ["double"]);
    await Deno.writeTextFile(`${out}/steps/b.json`, "{");
    assert.equal((await go(out, { a: 1, b: 2 })).done, ["b"]);
  });

  test("shards share the steps, wait for each other, and end with the same files", async () => {
    const out = fresh("steps");
    await claimFolder(out, {});
    const two = (index: number) => go(out, { a: 1, b: 2 }, { index, count: 2 });
    const first = await two(1);
    assert.equal([first.done, first.waiting], [["a"], ["b", "sum", "double"]]);
    assert.equal((await two(2)).done, ["b"]);
    assert.equal((await two(2)).waiting, ["sum", "double"]);
    assert.equal((await two(1)).done, ["sum", "double"]);
    assert.equal((await two(2)).waiting, []);
    assert.is(await Deno.readTextFile(`${out}/double`), "6");
  });

  test("a step can be asked for with all it needs, by a name that is there", () => {
    const steps = arithmetic("out", { a: 1, b: 2 });
    assert.equal(needed(steps, "sum").map(({ name }) => name), ["a", "b", "sum"]);
    assert.throws(() => needed(steps, "product"), /^--only product: there is no such step; [^.]+\.$/);
  });

  test("a folder that no study has made is left alone", async () => {
    const out = fresh("foreign");
    await Deno.mkdir(out);
    await Deno.writeTextFile(`${out}/thesis.txt`, "");
    let message = "";
    await claimFolder(out, {}).catch((error) => message = error.message);
    assert.match(message, /^--out \S+ exists and is no study; choose another folder\.$/);
    assert.equal(Array.from(Deno.readDirSync(out), ({ name }) => name), ["thesis.txt"]);
  });
});
