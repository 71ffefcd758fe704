import * as assert from "uvu/assert";
import { wilson } from "../../src/assess/interval.ts";
import { estimate } from "../../src/assess/spread.ts";
import { suite } from "../harness.ts";

const of = (count: number, ...correct: number[]) => correct.map((correct) => ({ correct, count }));

suite("spread over seeds", (test) => {
  test("of several networks: mean and sample standard deviation", () => {
    // 2, 4, 4, 4, 5, 5, 7, 9 have the mean 5, and their squared distances from it add up to 32.
    const found = estimate(of(10, 2, 4, 4, 4, 5, 5, 7, 9))!;
    assert.is(found.networks, 8);
    assert.ok(Math.abs(found.mean - 0.5) < 1e-12);
    assert.ok(Math.abs(found.deviation! - Math.sqrt(32 / 7) / 10) < 1e-12);
    assert.equal([found.least, found.most], [0.2, 0.9]);
    assert.equal([found.low, found.high], [found.mean - found.deviation!, found.mean + found.deviation!]);
  });

  test("of one network: its interval, and no spread", () => {
    const found = estimate(of(263, 81))!;
    assert.is(found.deviation, null);
    assert.equal({ low: found.low, high: found.high }, wilson(81, 263));
    assert.equal([found.mean, found.least, found.most], [81 / 263, 81 / 263, 81 / 263]);
  });

  test("stays within [0, 1], leaves out what was not counted, and says nothing of nothing", () => {
    const ends = estimate(of(10, 0, 0, 3))!;
    assert.is(ends.low, 0);
    assert.is(estimate(of(10, 10, 10, 7))!.high, 1);
    assert.equal(estimate([...of(0, 0), ...of(10, 4)]), estimate(of(10, 4)));
    assert.is(estimate(of(0, 0, 0)), null);
    assert.is(estimate([]), null);
  });

  test("refuses what is no proportion", () => {
    assert.throws(() => estimate(of(3, NaN)), (error: unknown) => error instanceof RangeError);
    assert.throws(() => estimate(of(3, 2, 4)), (error: unknown) => error instanceof RangeError);
  });
});
