import * as assert from "uvu/assert";
import { compareWork } from "../../src/bench/peers/against.ts";
import { Conversation } from "../../src/bench/peers/conversation.ts";
import { peerOf, torch } from "../../src/bench/peers/torch.ts";
import { suite } from "../harness.ts";
import { refused } from "../ops/engine.ts";

const script = `${import.meta.dirname}/fake_side.ts`;
const fake = (...args: string[]) => Conversation.start(Deno.execPath(), ["run", script, ...args]);

const ramp = (length: number) => Float32Array.from({ length }, (_, i) => i / 3);
const vectors = { dy: ramp(2), gamma: ramp(2), beta: ramp(2) };

suite("bench against another process", (test) => {
  test("arrays reach it and come back whole, and the time is the one it took itself", async () => {
    const { conversation } = await fake();
    // More than a pipe holds at once; `subarray` starts inside its buffer.
    const feeds = { x: ramp(1_000_001).subarray(1), w: ramp(36), y: ramp(5) };
    const peer = peerOf("fake", conversation);
    const work = await peer.convolution("forward", { x: [1, 1, 1, 1], outChannels: 1 }, feeds);
    assert.equal(await work.read(), [feeds.x, feeds.w, feeds.y]);
    const instant = { start: () => {}, done: () => Promise.resolve(1), read: () => work.read(), free: () => {} };
    const { theirs, difference } = await compareWork(instant, work, "x");
    assert.equal([theirs, difference], [5, 0]);
    await work.free();
    await conversation.end();
  });

  test("an error there is one sentence here, and the next question is answered", async () => {
    const { conversation } = await fake();
    const peer = peerOf("fake", conversation);
    await refused(async () => await peer.batchNorm([1, 2], { x: ramp(2), ...vectors }), /deno.*: out of memory/);
    const work = await peer.convolution("forward", { x: [1, 1, 1, 1], outChannels: 1 }, {
      x: ramp(1),
      w: ramp(9),
      y: ramp(1),
    });
    await work.free();
    await conversation.end();
  });

  test("a program that cannot start, is not ready or ends early is one sentence", async () => {
    await refused(() => Conversation.start("no-such-program", []), /no-such-program cannot be started/);
    await refused(() => fake("broken"), /deno.*: it is broken/);
    await refused(() => Conversation.start(Deno.execPath(), ["eval", ""]), /ended without an answer/);
    const { conversation } = await fake();
    const task = { width: 1, size: 1, batch: 1, classes: 1, rate: 1, weights: new Map(), images: ramp(3), labels: [0] };
    await refused(async () => await peerOf("fake", conversation).step(task), /ended without an answer/);
  });

  test("a Python that is missing is one sentence that says how to name another", async () => {
    const before = Deno.env.get("SUPERPOSE_PYTHON");
    Deno.env.set("SUPERPOSE_PYTHON", "no-such-python");
    try {
      await refused(torch, /--against torch: no-such-python cannot be started .* SUPERPOSE_PYTHON can name another/);
    } finally {
      if (before === undefined) Deno.env.delete("SUPERPOSE_PYTHON");
      else Deno.env.set("SUPERPOSE_PYTHON", before);
    }
  });
});
