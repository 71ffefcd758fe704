import * as assert from "uvu/assert";
import { drawStep, epochOrder } from "../../src/train/draws.ts";
import { suite } from "../harness.ts";

const indices = (batch: number) => Uint32Array.from({ length: batch }, (_, i) => i);
const fixed = { fixed: 0.4 };
const beta = (p: number, q: number) => ({ beta: [p, q] as [number, number] });

suite("draws of a training step", (test) => {
  test("an epoch visits every image once, each epoch and seed in an order of its own", () => {
    const order = epochOrder(1, 0, 100);
    assert.equal([...order].sort((a, b) => a - b), [...indices(100)]);
    assert.equal(epochOrder(1, 0, 100), order);
    assert.not.equal(epochOrder(1, 1, 100), order);
    assert.not.equal(epochOrder(2, 0, 100), order);
  });

  test("are a function of seed and step", () => {
    const draw = (seed: number, step: number) => drawStep(seed, step, indices(32), 4, beta(2, 4));
    assert.equal(draw(1, 7), draw(1, 7));
    for (const other of [draw(2, 7), draw(1, 8)]) {
      for (const part of ["jitter", "partner", "alpha"] as const) assert.not.equal(other[part], draw(1, 7)[part], part);
    }
  });

  test("each purpose has a stream of its own: changing one leaves the others as they are", () => {
    const one = drawStep(1, 7, indices(32), 4, fixed);
    const wider = drawStep(1, 7, indices(32), 9, fixed);
    assert.not.equal(wider.jitter, one.jitter);
    assert.equal([wider.partner, wider.alpha], [one.partner, one.alpha]);
    const random = drawStep(1, 7, indices(32), 4, beta(2, 4));
    assert.not.equal(random.alpha, one.alpha);
    assert.equal([random.partner, random.jitter], [one.partner, one.jitter]);
    // Streams that shared their numbers would go together: of three images the first's partner, whether it is flipped
    // and how far its α lies from a half all hang on their stream's first number.
    const steps = Array.from({ length: 2000 }, (_, step) => drawStep(1, step, indices(3), 4, beta(1, 1)));
    const flips = steps.map(({ jitter }) => jitter[0]);
    const partners = steps.map(({ partner }) => partner[0]);
    const distances = steps.map(({ alpha }) => Math.abs(alpha[0] - 0.5));
    const mean = (x: ArrayLike<number>) => Array.from(x).reduce((sum, value) => sum + value, 0) / x.length;
    const correlation = (a: ArrayLike<number>, b: ArrayLike<number>) => {
      const [x, y] = [a, b].map((values) => [values, mean(values)] as const)
        .map(([values, centre]) => Array.from(values, (value) => value - centre));
      const product = (u: number[], v: number[]) => mean(u.map((value, i) => value * v[i]));
      return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
    };
    for (const [a, b] of [[flips, distances], [partners, distances], [flips, partners]]) {
      assert.ok(Math.abs(correlation(a, b)) < 0.08, `${correlation(a, b)}`);
    }
  });

  test("every image of every step has a stream of noise of its own", () => {
    const streams = [0, 1, 2].flatMap((step) => [...drawStep(1, step, indices(5).map((n) => 7 - n), 4, fixed).streams]);
    assert.equal(streams, [...indices(15)]);
  });

  test("no image is its own partner, every image is somebody's", () => {
    for (let step = 0; step < 200; step++) {
      const { partner } = drawStep(3, step, indices(2 + step % 9), 4, fixed);
      assert.ok(partner.every((other, n) => other !== n));
      assert.is(new Set(partner).size, partner.length);
    }
  });

  test("flips half of the images, shifts up to the limit both ways and not beyond", () => {
    const batch = 5000;
    const { jitter } = drawStep(1, 0, indices(batch), 3, fixed);
    const column = (c: number) => indices(batch).reduce((all, n) => all.add(jitter[4 * n + c]), new Set<number>());
    assert.equal([...column(0)].sort(), [0, 1]);
    for (const c of [1, 2]) assert.equal([...column(c)].sort((a, b) => a - b), [-3, -2, -1, 0, 1, 2, 3]);
    assert.equal([...column(3)], [0]);
    const flipped = indices(batch).reduce((sum, n) => sum + jitter[4 * n], 0);
    assert.ok(Math.abs(flipped / batch - 0.5) < 0.03);
    assert.ok(indices(batch).some((n) => jitter[4 * n + 1] !== jitter[4 * n + 2]), "both ways have their own shift");
    assert.ok(drawStep(1, 0, indices(9), 0, fixed).jitter.every((value, i) => i % 4 === 0 || value === 0));
  });

  test("alpha is the fixed one, or Beta's: in (0, 1), with its mean and spread", () => {
    assert.equal([...drawStep(1, 0, indices(3), 1, { fixed: 0.25 }).alpha], [0.25, 0.25, 0.25]);
    for (const [p, q] of [[2, 4], [2, 10]]) {
      const { alpha } = drawStep(1, 0, indices(5000), 1, beta(p, q));
      const mean = alpha.reduce((sum, a) => sum + a, 0) / 5000;
      const variance = alpha.reduce((sum, a) => sum + (a - mean) ** 2, 0) / 5000;
      assert.ok(alpha.every((a) => a > 0 && a < 1));
      assert.ok(Math.abs(mean - p / (p + q)) < 0.01, `mean ${mean}`);
      assert.ok(Math.abs(variance / (p * q / ((p + q) ** 2 * (p + q + 1))) - 1) < 0.1, `variance ${variance}`);
    }
    // Beta is not clipped: 18.8 % of Beta(2, 4) lies above a half.
    const above = drawStep(1, 0, indices(5000), 1, beta(2, 4)).alpha.filter((a) => a > 0.5).length;
    assert.ok(Math.abs(above / 5000 - 0.1875) < 0.03);
  });
});
