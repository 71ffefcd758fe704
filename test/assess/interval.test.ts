import * as assert from "uvu/assert";
import { wilson } from "../../src/assess/interval.ts";
import { suite } from "../harness.ts";

suite("Wilson interval", (test) => {
  test("equals the published values", () => {
    // Newcombe, Statistics in Medicine 17, 1998, table I, method 3 (score, without continuity correction).
    const published: [number, number, number, number][] = [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ];
    for (const [correct, count, low, high] of published) {
      const interval = wilson(correct, count);
      assert.is(interval.low.toFixed(4), low.toFixed(4), `${correct}/${count} low`);
      assert.is(interval.high.toFixed(4), high.toFixed(4), `${correct}/${count} high`);
    }
  });

  test("holds the proportion, stays in [0, 1] and mirrors", () => {
    for (let count = 1; count < 60; count++) {
      for (let correct = 0; correct <= count; correct++) {
        const { low, high } = wilson(correct, count);
        assert.ok(0 <= low && low <= correct / count && correct / count <= high && high <= 1, `${correct}/${count}`);
        assert.ok(Math.abs(wilson(count - correct, count).low - (1 - high)) < 1e-12, `${correct}/${count}`);
      }
    }
  });

  test("bounds are exact at the ends and say nothing of nothing", () => {
    assert.is(wilson(0, 7).low, 0);
    assert.is(wilson(7, 7).high, 1);
    assert.equal(wilson(0, 0), { low: 0, high: 1 });
  });

  test("refuses what is no proportion", () => {
    for (const [correct, count] of [[-1, 3], [4, 3], [0.5, 3], [NaN, 3], [0, NaN]]) {
      assert.throws(() => wilson(correct, count), (error: unknown) => error instanceof RangeError);
    }
  });
});
