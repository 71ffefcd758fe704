/** SIGKILL, for real: the tool runs as a process of its own and is killed in the middle of an epoch. */
import * as assert from "uvu/assert";
import { readText } from "../../src/data/files.ts";
import { openSafetensors, readSafetensors } from "../../src/data/safetensors.ts";
import { readRun } from "../../src/nn/run.ts";
import { epochSchema } from "../../src/train/checkpoint.ts";
import { suite } from "../harness.ts";
import { contentOf, fresh, tinyPack, tinySettings, trainTiny } from "./tiny.ts";

const script = new URL("../../tools/train.ts", import.meta.url).pathname;
/** Short enough for a test, long enough for an epoch that is not over when its predecessor's line has been read. */
const settings = tinySettings({ epochs: 6, batch: 4 });

async function start(out: string, ...more: string[]) {
  const { arch, width, epochs, batch, learningRate, seed } = settings;
  const flags = { data: (await tinyPack()).path, arch, out, width, epochs, batch, lr: learningRate, seed };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, ...args, ...more],
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

/** Kills the process a moment after it has logged an epoch; returns which one. */
async function killAfter(child: Deno.ChildProcess, epoch: number): Promise<void> {
  let text = "";
  for await (const piece of child.stderr.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (!text.includes(`epoch ${epoch} `)) continue;
    await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGKILL");
    break;
  }
  const { signal } = await child.status;
  assert.is(signal, "SIGKILL", `it ended before it could be killed: ${text}`);
}

/** Every file that has its final name must be whole. Returns the number of epochs the run can go on from. */
async function checkWhole(out: string): Promise<number> {
  const names = Array.from(Deno.readDirSync(out), ({ name }) => name).filter((name) => !name.endsWith(".tmp"));
  const tensors = ["state.safetensors", "weights.best.safetensors", "weights.safetensors"];
  assert.equal(names.sort(), ["clock.jsonl", "log.jsonl", "run.json", ...tensors]);
  await readRun(out);
  for (const name of ["weights", "weights.best"]) await openSafetensors(`${out}/${name}.safetensors`);
  const lines = (await readText(`${out}/log.jsonl`)).trimEnd().split("\n");
  const { metadata } = await readSafetensors(`${out}/state.safetensors`);
  const epochs = JSON.parse(metadata.log).map((entry: unknown) => epochSchema.parse(entry).epoch);
  assert.equal(lines.map((line) => epochSchema.parse(JSON.parse(line)).epoch).slice(0, epochs.length), epochs);
  return epochs.length;
}

suite("a killed training", (test) => {
  test("killed twice and resumed it ends as if nothing had happened, byte for byte", async () => {
    const [whole, killed] = [fresh("whole"), fresh("killed")];
    await killAfter(await start(killed), 1);
    const first = await checkWhole(killed);
    assert.ok(1 <= first && first < settings.epochs, `${first} epochs done`);
    await killAfter(await start(killed, "--resume"), first + 2);
    const second = await checkWhole(killed);
    assert.ok(first < second && second < settings.epochs, `${second} epochs done`);

    const last = await start(killed, "--resume");
    await last.stderr.cancel();
    assert.is((await last.status).code, 0);
    await trainTiny(settings, { out: whole });
    assert.equal(await contentOf(killed), await contentOf(whole));
    assert.is(await checkWhole(killed), settings.epochs);
    const clock = (await readText(`${killed}/clock.jsonl`)).trimEnd().split("\n").map((line) => JSON.parse(line).epoch);
    assert.equal(clock, Array.from({ length: settings.epochs }, (_, i) => i + 1));
    assert.is(await Deno.readTextFile(`${killed}/run.json`), await Deno.readTextFile(`${whole}/run.json`));
  });
});
