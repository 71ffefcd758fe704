import * as assert from "uvu/assert";
import { aliveAt, explain, type Explanation, traceEvents } from "../../src/study/explain.ts";
import { explanationPage, explanationText } from "../../src/study/explain_page.ts";
import { suite } from "../harness.ts";
import { engine } from "../ops/engine.ts";

let explained: Promise<Explanation> | null = null;
const tiny = async () => {
  const network = { arch: "vgg13", size: 32, width: 0.0625, batch: 4, defence: "mixup-kl", precision: "f32" } as const;
  return await (explained ??= explain(await engine(), network, { gflops: 100, gbs: 10 }));
};

suite("explain", (test) => {
  test("every call of the step is there in order, and the totals are their sums", async () => {
    const { calls, totals, spans } = await tiny();
    assert.equal([calls[0].kernel, calls[calls.length - 1].kernel], ["gather_batch/forward", "assign/forward"]);
    assert.is(calls.filter(({ kernel }) => kernel === "sgd/forward").length, 1);
    assert.equal([totals.calls, spans.length], [calls.length, calls.length]);
    assert.is(totals.flops, calls.reduce((sum, { flops }) => sum + flops, 0));
    // Two passes of ten convolutions, three each but for the input gradients of the first; what else is there moves data.
    const convolutions = calls.filter(({ kernel, flops }) => kernel.startsWith("conv2d/") && flops > 0);
    assert.is(convolutions.length, 2 * (3 * 10 - 1));
    assert.is(convolutions[0].flops, 2 * 4 * 94 * 94 * 4 * 4);
    for (const { kernel, milliseconds, writes } of calls) assert.ok(milliseconds > 0 && writes.length > 0, kernel);
    spans.forEach(({ begin, end }, i) => assert.ok(begin < end && (i === 0 || spans[i - 1].end <= begin), `call ${i}`));
  });

  test("the most bytes alive at any call are the lower bound, and no byte belongs to two tensors at once", async () => {
    const { calls, memory } = await tiny();
    assert.is(Math.max(...calls.map(({ node }) => aliveAt(memory, node))), memory.lowerBound);
    assert.is(memory.sizes.reduce((sum, size) => sum + size, 0), memory.allocated);
    memory.tenancies.forEach((one, i) => {
      assert.ok(one.offset + one.bytes <= memory.sizes[one.buffer]);
      for (const other of memory.tenancies.slice(i + 1)) {
        if (one.buffer !== other.buffer || one.to < other.from || other.to < one.from) continue;
        assert.ok(one.offset + one.bytes <= other.offset || other.offset + other.bytes <= one.offset);
      }
    });
  });

  test("the trace is Chrome's format: complete events in order, and a counter", async () => {
    const explanation = await tiny();
    const { traceEvents: events } = JSON.parse(traceEvents(explanation));
    const complete = events.filter(({ ph }: { ph: string }) => ph === "X");
    assert.equal(complete.map(({ name }: { name: string }) => name), explanation.calls.map(({ kernel }) => kernel));
    assert.is(complete[0].ts, 0);
    for (const { ts, dur } of complete) assert.ok(ts >= 0 && dur > 0);
    assert.is(events.filter(({ ph }: { ph: string }) => ph === "C").length, explanation.calls.length);
  });

  test("the page and the text name every kernel and stand alone", async () => {
    const explanation = await tiny();
    const page = await explanationPage(explanation, "deno task explain", "today");
    const text = explanationText(explanation);
    for (const { kernel } of explanation.calls) assert.ok(page.includes(kernel) && text.includes(kernel), kernel);
    assert.match(page, /<svg/);
    assert.not.match(page, /<script|NaN|undefined/);
  });
});
