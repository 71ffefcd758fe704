/**
 * The float64 reference against finite differences of its own forward passes, with random upstream gradients, and
 * against answers worked out by hand. Central differences with h = 1e-5 are good to about 1e-9, so 1e-7 is asked.
 */
import * as assert from "uvu/assert";
import { Random } from "../../src/random.ts";
import { suite } from "../harness.ts";
import { dot, fromFunction, fromValues, map, maxError, type NdArray, randomNormal, relativeError } from "./array.ts";
import * as batchNorms from "./batch_norm.ts";
import { conv2d, conv2dBiasGradient, conv2dInputGradient, conv2dShape, conv2dWeightGradient } from "./conv2d.ts";
import { crossEntropy, crossEntropyGradient } from "./cross_entropy.ts";
import { dense, denseGradient } from "./dense.ts";
import { finiteDifferenceGradient } from "./finite_differences.ts";
import { gatherBatch } from "./gather_batch.ts";
import { globalAveragePool, globalAveragePoolGradient } from "./global_average_pool.ts";
import { klDivergence, klDivergenceGradient } from "./kl_divergence.ts";
import { maxPool, maxPoolGradient } from "./max_pool.ts";
import { mean, meanGradient } from "./mean.ts";
import { mix, mixGradient } from "./mix.ts";
import { normaliseGradient } from "./normalise_gradient.ts";
import { relu, reluGradient } from "./relu.ts";
import { sgd } from "./sgd.ts";
import { signOffset } from "./sign_offset.ts";
import { signStep } from "./sign_step.ts";
import { softMinimum, softMinimumGradient } from "./soft_minimum.ts";
import { softmax } from "./softmax.ts";
import { standardise, standardiseGradient } from "./standardise.ts";

const TOLERANCE = 1e-7;
const normal = (shape: number[], purpose: string) => randomNormal(shape, new Random(1, purpose));
const vector = (...values: number[]) => fromValues([values.length], values);

/** Asserts that `gradient` is the gradient at x of Σ upstream · f(x). */
function checkGradient(what: string, f: (x: NdArray) => NdArray, x: NdArray, upstream: NdArray, gradient: NdArray) {
  const expected = finiteDifferenceGradient((probe) => dot(f(probe), upstream), x, 1e-5);
  assert.equal(gradient.shape, x.shape, what);
  const error = relativeError(gradient, expected);
  assert.ok(error < TOLERANCE, `${what}: relative error ${error}`);
}

function checkValues(actual: NdArray, expected: number[], shape = [expected.length]) {
  assert.equal(actual.shape, shape);
  assert.ok(maxError(actual, expected) < 1e-12, `${[...actual.data]} is not ${expected}`);
}

/** Input shape, outputs, kernel (height, width), stride, padding. */
const CONVOLUTIONS: [x: number[], outputs: number, kernel: [number, number], stride: number, padding: number][] = [
  [[1, 5, 7, 3], 5, [3, 3], 1, 1],
  [[2, 7, 5, 1], 3, [3, 3], 2, 1],
  [[3, 4, 6, 5], 1, [1, 1], 2, 0],
  [[1, 8, 7, 2], 3, [5, 3], 2, 2],
  [[1, 1, 1, 5], 7, [3, 3], 1, 1],
  [[2, 6, 6, 3], 2, [2, 2], 3, 0],
];

suite("reference gradients against finite differences", (test) => {
  test("conv2d", () => {
    for (const [xShape, outputs, kernel, stride, padding] of CONVOLUTIONS) {
      const wShape = [outputs, ...kernel, xShape[3]];
      const [x, w, b] = [normal(xShape, "x"), normal(wShape, "w"), normal([outputs], "b")];
      const dy = normal(conv2dShape(xShape, wShape, stride, padding), "dy");
      const name = `${xShape} * ${wShape}, stride ${stride}, padding ${padding}`;
      const forward = (x: NdArray, w: NdArray, b: NdArray) => conv2d(x, w, stride, padding, b);
      const dx = conv2dInputGradient(dy, w, xShape, stride, padding);
      const dw = conv2dWeightGradient(x, dy, wShape, stride, padding);
      checkGradient(`dx of ${name}`, (x) => forward(x, w, b), x, dy, dx);
      checkGradient(`dw of ${name}`, (w) => forward(x, w, b), w, dy, dw);
      checkGradient(`db of ${name}`, (b) => forward(x, w, b), b, dy, conv2dBiasGradient(dy));
    }
  });

  test("batch_norm, training and inference", () => {
    for (const shape of [[1, 3, 5, 1], [2, 2, 3, 3], [3, 5, 1, 5], [7, 1, 1, 2]]) {
      const channels = [shape[3]];
      const x = map(normal(shape, "x"), (value) => 3 * value + 1);
      const [gamma, beta, dy] = [normal(channels, "gamma"), normal(channels, "beta"), normal(shape, "dy")];
      const running = { mean: normal(channels, "mean"), variance: map(normal(channels, "variance"), (v) => v * v + 1) };
      const training = (x: NdArray, gamma: NdArray, beta: NdArray) => batchNorms.batchNorm(x, gamma, beta).y;
      const inference = (x: NdArray, gamma: NdArray, beta: NdArray) =>
        batchNorms.batchNormInference(x, gamma, beta, running);
      for (
        const [name, forward, gradient] of [
          ["training", training, batchNorms.batchNormGradient(dy, x, gamma)],
          ["inference", inference, batchNorms.batchNormInferenceGradient(dy, x, gamma, running)],
        ] as const
      ) {
        checkGradient(`${name} dx ${shape}`, (x) => forward(x, gamma, beta), x, dy, gradient.dx);
        checkGradient(`${name} dgamma ${shape}`, (gamma) => forward(x, gamma, beta), gamma, dy, gradient.dgamma);
        checkGradient(`${name} dbeta ${shape}`, (beta) => forward(x, gamma, beta), beta, dy, gradient.dbeta);
      }
    }
  });

  test("a convolution with batch_norm folded in is the two of them in inference", () => {
    const [x, w] = [normal([2, 5, 4, 3], "x"), normal([5, 3, 3, 3], "w")];
    const [gamma, beta, mean] = [normal([5], "gamma"), normal([5], "beta"), normal([5], "mean")];
    const running = { mean, variance: map(normal([5], "variance"), (v) => v * v + 0.1) };
    const folded = batchNorms.foldBatchNorm(w, gamma, beta, running);
    const expected = batchNorms.batchNormInference(conv2d(x, w, 1, 1), gamma, beta, running);
    assert.ok(relativeError(conv2d(x, folded.w, 1, 1, folded.bias), expected) < 1e-14);
  });

  test("relu, max_pool and global_average_pool", () => {
    for (const shape of [[1, 2, 2, 1], [2, 5, 7, 3], [3, 3, 4, 5]]) {
      const x = normal(shape, "x");
      const dy = normal(shape, "dy");
      checkGradient(`relu ${shape}`, relu, x, dy, reluGradient(dy, x));
      const dPool = normal(maxPool(x).shape, "dPool");
      checkGradient(`max pool ${shape}`, maxPool, x, dPool, maxPoolGradient(dPool, x));
      const dOverlapping = normal(maxPool(x, 3, 1).shape, "dOverlapping");
      const overlapping = (x: NdArray) => maxPool(x, 3, 1);
      checkGradient(`3 × 3 pool ${shape}`, overlapping, x, dOverlapping, maxPoolGradient(dOverlapping, x, 3, 1));
      const dMean = normal([shape[0], shape[3]], "dMean");
      checkGradient(`average ${shape}`, globalAveragePool, x, dMean, globalAveragePoolGradient(dMean, shape));
    }
  });

  test("dense", () => {
    for (const [images, inputs, outputs] of [[1, 1, 1], [3, 5, 7], [2, 13, 1]]) {
      const [x, w, b] = [normal([images, inputs], "x"), normal([outputs, inputs], "w"), normal([outputs], "b")];
      const dy = normal([images, outputs], "dy");
      const { dx, dw, db } = denseGradient(dy, x, w);
      checkGradient("dense dx", (x) => dense(x, w, b), x, dy, dx);
      checkGradient("dense dw", (w) => dense(x, w, b), w, dy, dw);
      checkGradient("dense db", (b) => dense(x, w, b), b, dy, db);
    }
  });

  test("soft_minimum", () => {
    const [x, y, dz] = [normal([11], "x"), normal([11], "y"), normal([11], "dz")];
    const { dx, dy } = softMinimumGradient(dz, x, y);
    checkGradient("dx", (x) => softMinimum(x, y), x, dz, dx);
    checkGradient("dy", (y) => softMinimum(x, y), y, dz, dy);
    checkValues(softMinimum(vector(0, 500), vector(0, 0)), [-Math.log(2), 0]);
  });

  test("cross_entropy, kl_divergence and mean", () => {
    for (const [images, classes] of [[1, 2], [5, 3], [3, 11]]) {
      const [a, b, dy] = [normal([images, classes], "a"), normal([images, classes], "b"), normal([images], "dy")];
      const labels = Array.from({ length: images }, (_, n) => (2 * n + 1) % classes);
      checkGradient("cross-entropy", (a) => crossEntropy(a, labels), a, dy, crossEntropyGradient(dy, a, labels));
      const { da, db } = klDivergenceGradient(dy, a, b);
      checkGradient("KL, first", (a) => klDivergence(a, b), a, dy, da);
      checkGradient("KL, second", (b) => klDivergence(a, b), b, dy, db);
      checkGradient("mean", (x) => vector(mean(x)), a, vector(-1.7), meanGradient(-1.7, a.shape));
    }
  });

  test("mix and standardise", () => {
    const shape = [3, 2, 5, 3];
    const [x, dy] = [map(normal(shape, "x"), (value) => 60 * value + 128), normal(shape, "dy")];
    const [partner, alpha] = [[2, 0, 0], [0.3, 0.9, 0]];
    checkGradient("mix", (x) => mix(x, partner, alpha), x, dy, mixGradient(dy, partner, alpha));
    const deviation = [2, 0.5, 7];
    const forward = (x: NdArray) => standardise(x, [120, 110, 100], deviation);
    checkGradient("standardise", forward, x, dy, standardiseGradient(dy, deviation));
  });
});

suite("reference values by hand", (test) => {
  test("array: errors are relative to the expected values, and NaN is never within a bound", () => {
    assert.is(relativeError([3, 0], Float32Array.of(0, 4)), 5 / 4);
    assert.is(relativeError([0], [0]), 0);
    assert.is(relativeError([1e-30], [0]), Infinity);
    assert.not(relativeError([1, NaN], [1, 1]) < 1);
    assert.not(maxError([NaN, 1], [1, 1]) < 1);
    assert.throws(() => relativeError([1, 2], [1]), RangeError);
  });

  test("conv2d: small sums, the OHWI order, and the textbook formula", () => {
    const x = fromValues([1, 3, 3, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    checkValues(conv2d(x, fromValues([1, 2, 2, 1], [1, 2, 3, 4]), 1, 0), [37, 47, 67, 77], [1, 2, 2, 1]);
    checkValues(conv2d(x, fromFunction([1, 3, 3, 1], () => 1), 2, 1), [12, 16, 24, 28], [1, 2, 2, 1]);
    const w = fromValues([3, 1, 1, 2], [1, 10, 2, 20, 3, 30]);
    const pixel = fromValues([1, 1, 1, 2], [1, 2]);
    checkValues(conv2d(pixel, w, 1, 0, vector(0.5, 0, -1)), [21.5, 42, 62], [1, 1, 1, 3]);
    for (const [xShape, outputs, kernel, stride, padding] of CONVOLUTIONS) {
      const [x, w] = [normal(xShape, "x"), normal([outputs, ...kernel, xShape[3]], "w")];
      const error = relativeError(conv2d(x, w, stride, padding), textbookConvolution(x, w, stride, padding));
      assert.ok(error < 1e-14, `${xShape}: ${error}`);
    }
  });

  test("batch_norm: two values, and the running statistics' unbiased variance", () => {
    const { y, mean, variance } = batchNorms.batchNorm(fromValues([2, 1, 1, 1], [1, 3]), vector(2), vector(5));
    const one = 1 / Math.sqrt(1 + 1e-5);
    checkValues(y, [5 - 2 * one, 5 + 2 * one], [2, 1, 1, 1]);
    checkValues(mean, [2]);
    checkValues(variance, [1]);
    const start = { mean: vector(0), variance: vector(1) };
    const running = batchNorms.updateRunningStatistics(start, { mean, variance }, 2);
    checkValues(running.mean, [0.2]);
    checkValues(running.variance, [0.9 + 0.1 * 2]);
  });

  test("max_pool: odd sides lose their last row and column, ties go to the first", () => {
    const x = fromValues([1, 3, 3, 1], [7, 7, 9, 7, 2, 9, 9, 9, 9]);
    checkValues(maxPool(x), [7], [1, 1, 1, 1]);
    const dx = maxPoolGradient(fromValues([1, 1, 1, 1], [5]), x);
    checkValues(dx, [5, 0, 0, 0, 0, 0, 0, 0, 0], [1, 3, 3, 1]);
    const later = fromValues([1, 2, 2, 1], [1, 3, 3, 3]);
    checkValues(maxPoolGradient(fromValues([1, 1, 1, 1], [5]), later), [0, 5, 0, 0], [1, 2, 2, 1]);
  });

  test("relu, global_average_pool and dense", () => {
    checkValues(relu(vector(-1, 0, 2)), [0, 0, 2]);
    checkValues(reluGradient(vector(3, 3, 3), vector(-1, 0, 2)), [0, 0, 3]);
    checkValues(globalAveragePool(fromValues([1, 2, 1, 2], [1, 10, 3, 30])), [2, 20], [1, 2]);
    const w = fromValues([2, 3], [1, 2, 3, 4, 5, 6]);
    checkValues(dense(fromValues([1, 3], [1, 10, 100]), w, vector(0.5, 0)), [321.5, 654], [1, 2]);
  });

  test("softmax, cross_entropy and kl_divergence: known values, and finite where softmax saturates", () => {
    checkValues(softmax(fromValues([1, 2], [Math.log(3), 0])), [0.75, 0.25], [1, 2]);
    const logits = fromValues([3, 2], [0, 0, 1000, 0, 1000, 0]);
    checkValues(crossEntropy(logits, [1, 1, 0]), [Math.LN2, 1000, 0]);
    const [half, quarter] = [fromValues([1, 2], [4, 4]), fromValues([1, 2], [0, Math.log(3)])];
    checkValues(klDivergence(half, quarter), [0.5 * Math.log(2) + 0.5 * Math.log(2 / 3)]);
    const [left, right] = [fromValues([1, 2], [1000, 0]), fromValues([1, 2], [0, 1000])];
    checkValues(klDivergence(left, right), [1000]);
    checkValues(klDivergenceGradient(vector(1), left, right).db, [-1, 1], [1, 2]);
  });

  test("mix, standardise and normalise_gradient", () => {
    const x = fromValues([2, 1, 1, 2], [0, 10, 100, 20]);
    checkValues(mix(x, [1, 0], [0.25, 1]), [25, 12.5, 0, 10], [2, 1, 1, 2]);
    checkValues(standardise(x, [10, 5], [2, 5]), [-5, 1, 45, 3], [2, 1, 1, 2]);
    checkValues(normaliseGradient(fromValues([2, 2], [3, -4, 0, 0])), [0.6, -0.8, 0, 0], [2, 2]);
  });

  test("sign_step: sign(0) stays, the ball clips, then the range of pixels", () => {
    const original = vector(100, 100, 100, 2, 254);
    const x = vector(100, 103, 97, 1, 254);
    checkValues(signStep(x, vector(0, 0.1, -9, -1, 5), original, 2, 4), [100, 104, 96, 0, 255]);
  });

  test("sign_offset: every image has its own amount, and nothing is clipped", () => {
    const [x, direction] = [[0, 10, 250, 5], [-3, 0, 0.5, 1e-9]].map((values) => fromValues([2, 2], values));
    checkValues(signOffset(x, direction, [7, 9]), [-7, 10, 259, 14], [2, 2]);
  });

  test("sgd: two steps", () => {
    const settings = { learningRate: 0.5, momentum: 0.9, weightDecay: 0.1 };
    const first = sgd(vector(1), vector(0), vector(2), settings);
    checkValues(first.velocity, [2.1]);
    checkValues(first.weights, [-0.05]);
    const second = sgd(first.weights, first.velocity, vector(1), settings);
    checkValues(second.velocity, [0.9 * 2.1 + 1 - 0.005]);
    checkValues(second.weights, [-0.05 - 0.5 * 2.885]);
  });

  test("gather_batch: picks, mirrors and shifts with the edge repeated", () => {
    const images = Uint8Array.from({ length: 24 }, (_, i) => Math.floor(i / 3) * 10 + i % 3);
    const red = (draw: { index: number; flip: boolean; dx: number; dy: number }) =>
      [...gatherBatch(images, 2, [draw]).data].filter((_, i) => i % 3 === 0);
    assert.equal(red({ index: 1, flip: false, dx: 0, dy: 0 }), [40, 50, 60, 70]);
    assert.equal(red({ index: 0, flip: true, dx: 0, dy: 0 }), [10, 0, 30, 20]);
    assert.equal(red({ index: 0, flip: false, dx: 1, dy: 0 }), [0, 0, 20, 20]);
    assert.equal(red({ index: 0, flip: true, dx: 1, dy: -1 }), [30, 30, 30, 30]);
    const still = { flip: false, dx: 0, dy: 0 };
    const both = gatherBatch(images, 2, [{ index: 0, ...still }, { index: 1, ...still }]);
    checkValues(both, [...images], [2, 2, 2, 3]);
  });
});

/** The definition, one output value at a time: shares no index arithmetic with conv2d.ts beyond row-major order. */
function textbookConvolution(x: NdArray, w: NdArray, stride: number, padding: number): number[] {
  const [N, H, W, I] = x.shape;
  const [O, KH, KW] = w.shape;
  const range = (length: number) => Array.from({ length }, (_, i) => i);
  const starts = (side: number, kernel: number) =>
    range(side + 2 * padding).filter((at) => at % stride === 0 && at + kernel <= side + 2 * padding);
  const pixel = (n: number, y: number, x_: number, i: number) =>
    y < 0 || y >= H || x_ < 0 || x_ >= W ? 0 : x.data[n * H * W * I + y * W * I + x_ * I + i];
  const weight = (o: number, ky: number, kx: number, i: number) => w.data[o * KH * KW * I + ky * KW * I + kx * I + i];
  return range(N).flatMap((n) =>
    starts(H, KH).flatMap((top) =>
      starts(W, KW).flatMap((left) =>
        range(O).map((o) =>
          range(KH).flatMap((ky) =>
            range(KW).flatMap((kx) =>
              range(I).map((i) => pixel(n, top - padding + ky, left - padding + kx, i) * weight(o, ky, kx, i))
            )
          ).reduce((sum, product) => sum + product, 0)
        )
      )
    )
  );
}
