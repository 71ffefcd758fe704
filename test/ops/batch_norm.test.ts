import * as assert from "uvu/assert";
import { batchNorm, batchStatistics, foldBatchNorm } from "../../src/ops/batch_norm.ts";
import { gradient } from "../../src/tensor/gradient.ts";
import { suite } from "../harness.ts";
import { add } from "../reference/add.ts";
import { fromValues, map, type NdArray } from "../reference/array.ts";
import * as reference from "../reference/batch_norm.ts";
import { relu as rectify, reluGradient } from "../reference/relu.ts";
import {
  close,
  cropChannels,
  engine,
  evaluate,
  normal,
  padChannels,
  place,
  readView,
  refused,
  single,
} from "./engine.ts";

interface Problem {
  x: NdArray;
  dy: NdArray;
  gamma: NdArray;
  beta: NdArray;
  shortcut: NdArray;
}

/** What stands behind the batch norm. */
interface Behind {
  residual: boolean;
  relu: boolean;
}

const plain: Behind = { residual: false, relu: false };

/** γ is of either sign, and x's mean differs from 0 in every channel. */
function problem(shape: number[], centre = 0.5, deviation = 1): Problem {
  const channels = shape.slice(-1);
  const named = (name: string, of = channels) => normal(of, `batch norm ${shape} ${name}`);
  return {
    x: single(map(named("x", shape), (value) => centre + deviation * value)),
    dy: named("dy", shape),
    gamma: named("gamma"),
    beta: named("beta"),
    shortcut: named("shortcut", shape),
  };
}

/** [y, dx, dγ, dβ] of the device, and with a shortcut its gradient. */
async function measured(given: Problem, { residual, relu }: Behind): Promise<NdArray[]> {
  const channels = given.gamma.data.length;
  const feeds = Object.fromEntries(Object.entries(given).map(([name, array]) => [name, padChannels(array)])) as Record<
    keyof Problem,
    NdArray
  >;
  const results = await evaluate(feeds, ({ x, dy, gamma, beta, shortcut }) => {
    const y = batchNorm(x, gamma, beta, batchStatistics(x), residual ? { shortcut, relu } : { relu });
    return [y, ...gradient(y, residual ? [x, gamma, beta, shortcut] : [x, gamma, beta], dy)];
  });
  return results.map((result) => cropChannels(result, channels));
}

/** The same in float64. */
function expected({ x, dy, gamma, beta, shortcut }: Problem, { residual, relu }: Behind): NdArray[] {
  const normalised = reference.batchNorm(x, gamma, beta).y;
  const y = residual ? add(normalised, shortcut) : normalised;
  const upstream = relu ? reluGradient(dy, y) : dy;
  const { dx, dgamma, dbeta } = reference.batchNormGradient(upstream, x, gamma);
  return [relu ? rectify(y) : y, dx, dgamma, dbeta, ...residual ? [upstream] : []];
}

/**
 * A chunk is 16 pixels, or as many as make 256 chunks: 5 pixels; one short of, exactly and one over a chunk; 63 and 65
 * chunks, the last of one pixel; 4,098 and 4,131 pixels make 242 chunks of 17 with 1 left and 243 without a remainder.
 */
const shapes = [
  [1, 1, 5, 3],
  [1, 3, 5, 5],
  [2, 2, 4, 1],
  [1, 1, 17, 260],
  [1, 31, 32, 8],
  [3, 31, 11, 3],
  [25, 41, 1, 4],
  [2, 3, 683, 5],
  [17, 9, 27, 12],
];

suite("batch norm", (test) => {
  for (const shape of shapes) {
    test(`forward and all gradients, [${shape}]`, async () => {
      const given = problem(shape);
      for (const residual of [false, true]) {
        for (const relu of [false, true]) {
          const want = expected(given, { residual, relu });
          const got = await measured(given, { residual, relu });
          assert.is(got.length, want.length);
          for (const [i, name] of ["y", "dx", "dgamma", "dbeta", "dshortcut"].slice(0, got.length).entries()) {
            close(`${name}${residual ? " with shortcut" : ""}${relu ? " with relu" : ""}`, got[i], want[i], 3e-6);
          }
        }
      }
    });
  }

  for (const shape of shapes) {
    test(`statistics, [${shape}]`, async () => {
      const { x } = problem(shape);
      const [mean, variance] = await evaluate({ x: padChannels(x) }, ({ x }) => Object.values(batchStatistics(x)));
      const want = reference.batchStatistics(x);
      close("mean", cropChannels(mean, shape[3]), want.mean, 1e-6);
      close("variance", cropChannels(variance, shape[3]), want.variance, 1e-6);
    });
  }

  test("a mean 1,000 times the deviation does not cancel", async () => {
    // Σx² − (Σx)² in f32 would leave a variance of 0.01 with an error near 0.01.
    const given = problem([3, 41, 37, 4], 100, 0.1);
    const [mean, variance] = await evaluate({ x: given.x }, ({ x }) => Object.values(batchStatistics(x)));
    const want = reference.batchStatistics(given.x);
    close("mean", mean, want.mean, 2e-7);
    close("variance", variance, want.variance, 2e-5);
    const [y, dx, dgamma, dbeta] = await measured(given, plain);
    const [wantY, wantDx, wantDgamma, wantDbeta] = expected(given, plain);
    close("y", y, wantY, 1e-4);
    close("dx", dx, wantDx, 1e-4);
    close("dgamma", dgamma, wantDgamma, 3e-4);
    close("dbeta", dbeta, wantDbeta, 1e-6);
  });

  test("a constant channel, and a single pixel, become β", async () => {
    const given = problem([2, 5, 5, 4]);
    const constant = { ...given, x: map(given.x, (_, i) => [3, -200, 0, 1e4][i % 4]) };
    const [y] = await measured(constant, plain);
    assert.equal(Array.from(y.data), Array.from(y.data, (_, i) => given.beta.data[i % 4]));
    const pixel = problem([1, 1, 1, 4]);
    const [one, dx] = await measured(pixel, plain);
    assert.equal(Array.from(one.data), Array.from(pixel.beta.data));
    assert.ok(dx.data.every((value) => value === 0));
  });

  test("NaN comes through the rectifier: from x to its whole channel, from a shortcut to one value", async () => {
    const given = problem([2, 3, 5, 8]);
    const spoilt = (array: NdArray) => map(array, (value, i) => i === 8 * 7 + 5 ? NaN : value);
    const where = async (given: Problem, residual: boolean) => {
      const [{ data }] = await measured(given, { residual, relu: true });
      return Array.from(data.keys()).filter((i) => Number.isNaN(data[i]));
    };
    const channel = Array.from({ length: 30 }, (_, pixel) => 8 * pixel + 5);
    assert.equal(await where({ ...given, x: spoilt(given.x) }, false), channel);
    assert.equal(await where({ ...given, x: spoilt(given.x) }, true), channel);
    assert.equal(await where({ ...given, shortcut: spoilt(given.shortcut) }, true), [8 * 7 + 5]);
  });

  for (const shape of [...shapes, [1, 1, 1, 4]]) {
    test(`running statistics, [${shape}]`, async () => {
      const { gpu } = await engine();
      const { x } = problem(shape);
      const channels = shape.slice(-1);
      const named = (name: string) => normal(channels, `running ${shape} ${name}`);
      const before = { mean: named("mean"), variance: single(map(named("variance"), Math.exp)) };
      const places = {
        mean: await place(padChannels(before.mean).data),
        variance: await place(padChannels(before.variance).data),
      };
      const [mean, variance] = await evaluate({ x: padChannels(x) }, ({ x }) => {
        const running = (name: "mean" | "variance") => x.graph.placed(name, x.shape.slice(-1), places[name]);
        return Object.values(batchStatistics(x, { mean: running("mean"), variance: running("variance") }));
      });
      const batch = reference.batchStatistics(x);
      close("mean", cropChannels(mean, shape[3]), batch.mean, 1e-6);
      close("variance", cropChannels(variance, shape[3]), batch.variance, 1e-6);
      // A single pixel has no unbiased variance: the reference divides by zero, the engine keeps the biased one, 0.
      const count = Math.max(x.data.length / shape[3], 2);
      const want = reference.updateRunningStatistics(before, batch, count);
      for (const name of ["mean", "variance"] as const) {
        const after = fromValues([places[name].length], await readView(places[name]));
        gpu.free(places[name].buffer);
        close(`running ${name}`, cropChannels(after, shape[3]), want[name], 2e-7);
      }
    });
  }

  for (const shape of [[4, 1, 1, 4], [20, 3, 3, 12], [64, 7, 7, 4], [68, 1, 1, 260]]) {
    test(`folded into weights [${shape}]`, async () => {
      const named = (name: string, of = shape.slice(0, 1)) => normal(of, `fold ${shape} ${name}`);
      const given = { w: named("w", shape), gamma: named("gamma"), beta: named("beta"), mean: named("mean") };
      const variance = single(map(named("variance"), Math.exp));
      const [w, bias] = await evaluate({ ...given, variance }, ({ w, gamma, beta, mean, variance }) => {
        const folded = foldBatchNorm(w, gamma, beta, { mean, variance });
        return [folded.w, folded.bias];
      });
      const want = reference.foldBatchNorm(given.w, given.gamma, given.beta, { mean: given.mean, variance });
      close("w", w, want.w, 2e-7);
      close("bias", bias, want.bias, 2e-7);
    });
  }

  test("no gradient flows through folded weights", () =>
    refused(() => {
      const feed = { w: normal([4, 3, 3, 4], "w"), vector: normal([4], "vector") };
      return evaluate(feed, ({ w, vector }) => {
        const folded = foldBatchNorm(w, vector, vector, { mean: vector, variance: vector });
        return gradient(folded.w, [w]);
      });
    }, /fold batch norm does not depend on w/));

  test("a shortcut of another size is refused", () =>
    refused(
      () =>
        evaluate({ x: normal([2, 3, 3, 4], ""), vector: normal([4], "") }, ({ x, vector }) => [
          batchNorm(x, vector, vector, batchStatistics(x), { shortcut: vector }),
        ]),
      /normalise: shortcut has 4 elements, .* needs 72/,
    ));

  test("channels that are no multiple of 4 are refused", () =>
    refused(
      () => evaluate({ x: normal([2, 3, 3, 6], "") }, ({ x }) => Object.values(batchStatistics(x))),
      /batch norm of \[2,3,3,6\]: channels must be a multiple of 4/,
    ));
});
