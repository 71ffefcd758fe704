import * as assert from "uvu/assert";
import { compareWork, type Ratio, stepTask, summarise } from "../../src/bench/peers/against.ts";
import { ours } from "../../src/bench/peers/ours.ts";
import { transpose, type Work } from "../../src/bench/peers/peer.ts";
import { suite } from "../harness.ts";
import { engine, normal, refused } from "../ops/engine.ts";
import * as reference from "../reference/batch_norm.ts";
import { relativeError } from "../reference/array.ts";

/** Work that takes so many milliseconds and results in `values`. */
function waiting(time: number, values: number[]): Work {
  let runs = 0;
  return {
    start: () => void runs++,
    done: async () => {
      await new Promise((resolve) => setTimeout(resolve, runs * time));
      runs = 0;
    },
    read: () => Promise.resolve([Float32Array.from(values)]),
    free: () => {},
  };
}

suite("bench against others", (test) => {
  test("a ratio is the peer's time over ours, with its interval", async () => {
    const { ratio, low, high, ours, theirs, difference } = await compareWork(
      waiting(10, [1, 2]),
      waiting(30, [1, 2]),
      "x",
    );
    assert.ok(2 < ratio && ratio < 4 && low <= ratio && ratio <= high && ours < theirs, `${low} ${ratio} ${high}`);
    assert.is(difference, 0);
  });

  test("results that differ are not timed", async () => {
    await refused(
      () => compareWork(waiting(1, [1, 2]), waiting(1, [1, 2.1]), "a norm"),
      /a norm: .* apart, so nothing/,
    );
    await refused(() => compareWork(waiting(1, [1, 2]), waiting(1, [1]), "a norm"), /apart/);
    await refused(() => compareWork(waiting(1, [1]), waiting(1, [NaN]), "a norm"), /apart/);
  });

  test("a summary takes a layer's passes together and means over layers", () => {
    const ratio = (kind: Ratio["kind"], what: string, ours: number, theirs: number): Ratio => ({
      ...{ peer: "p", kind, what, ours, theirs, ratio: theirs / ours, low: 0, high: 0, difference: 0 },
    });
    const ratios = [
      ratio("convolution", "a, forward", 1, 1),
      ratio("convolution", "a, inputGradient", 1, 7),
      ratio("convolution", "b, forward", 2, 2),
      ratio("batchNorm", "n", 1, 3),
      ratio("step", "s", 2, 10),
    ];
    const rounded = Object.entries(summarise(ratios, "p")).map(([name, mean]) => [name, Math.round(mean * 1e6) / 1e6]);
    assert.equal(rounded, [["convolution", 2], ["batchNorm", 3], ["step", 5], ["worstConvolution", 1]]);
  });

  test("axes change places and change back", () => {
    const data = Float32Array.from({ length: 24 }, (_, i) => i);
    const moved = transpose(data, [2, 3, 4], [2, 0, 1]);
    assert.equal([...moved.slice(0, 7)], [0, 4, 8, 12, 16, 20, 1]);
    assert.equal(transpose(moved, [4, 2, 3], [1, 2, 0]), data);
  });

  test("our own side computes what it says", async () => {
    const own = ours(await engine());
    const [x, dy, gamma, beta] = [[12, 8], [12, 8], [8], [8]].map((shape, i) => normal(shape, `against ${i}`));
    const f32 = (values: typeof x) => Float32Array.from(values.data);
    const work = await own.batchNorm([12, 8], { x: f32(x), dy: f32(dy), gamma: f32(gamma), beta: f32(beta) });
    work.start();
    await work.done();
    const found = await work.read();
    const { dx, dgamma, dbeta } = reference.batchNormGradient(dy, x, gamma);
    [dx, dgamma, dbeta].forEach((want, i) => assert.ok(relativeError(found[i], want) < 1e-5));
    work.free();
  });

  test("a training step starts from the weights given and moves them", async () => {
    const task = await stepTask(await engine(), { width: 0.0625, size: 32, batch: 4 });
    const step = await ours(await engine()).step(task);
    const losses: number[] = [];
    for (let i = 0; i < 3; i++) {
      step.start();
      await step.done();
      losses.push((await step.read())[0][0]);
    }
    assert.ok(Math.abs(losses[0] - Math.log(10)) < 0.5 && losses[2] < losses[0], losses.join());
    step.free();
  });
});
