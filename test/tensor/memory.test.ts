import * as assert from "uvu/assert";
import { Random } from "../../src/random.ts";
import { assignBuffers, type Assignment, type Lifetime } from "../../src/tensor/memory.ts";
import { suite } from "../harness.ts";

const life = (bytes: number, from: number, to: number): Lifetime => ({ bytes, from, to });

/** Every buffer holds its largest tenant, no two tenants are alive at once, and no bytes are for nobody. */
function check(lifetimes: Lifetime[], { buffer, sizes }: Assignment): void {
  assert.is(buffer.length, lifetimes.length);
  const largest = sizes.map(() => 0);
  lifetimes.forEach((a, i) => {
    largest[buffer[i]] = Math.max(largest[buffer[i]], a.bytes);
    lifetimes.slice(0, i).forEach((b, j) => {
      const overlap = a.from <= b.to && b.from <= a.to;
      if (overlap && buffer[i] === buffer[j]) throw new Error(`${i} and ${j} share buffer ${buffer[i]} while alive`);
    });
  });
  assert.equal(sizes, largest);
}

/** The bytes alive at the busiest time, counted time by time. */
function peak(lifetimes: Lifetime[]): number {
  const times = lifetimes.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
  const alive = (time: number) => lifetimes.filter(({ from, to }) => from <= time && time <= to);
  return Math.max(0, ...times.map((time) => alive(time).reduce((sum, { bytes }) => sum + bytes, 0)));
}

suite("memory", (test) => {
  test("nothing needs nothing", () => {
    assert.equal(assignBuffers([]), { buffer: [], sizes: [], lowerBound: 0 });
  });

  test("a chain needs two buffers, however long", () => {
    const chain = Array.from({ length: 50 }, (_, i) => life(100, i, i + 1));
    const assignment = assignBuffers(chain);
    check(chain, assignment);
    assert.equal(assignment.sizes, [100, 100]);
    assert.is(assignment.lowerBound, 200);
  });

  test("a tensor read and one written by the same node do not share", () => {
    const { buffer } = assignBuffers([life(8, 0, 3), life(8, 3, 5)]);
    assert.is.not(buffer[0], buffer[1]);
  });

  test("tensors of different times share the buffer of the largest", () => {
    assert.equal(assignBuffers([life(4, 0, 1), life(64, 2, 2), life(16, 3, 9)]).sizes, [64]);
  });

  test("a residual keeps its buffer across the branch", () => {
    const lifetimes = [life(10, 0, 4), life(10, 1, 2), life(10, 2, 3), life(10, 3, 4), life(10, 4, 5)];
    const assignment = assignBuffers(lifetimes);
    check(lifetimes, assignment);
    assert.is(assignment.lowerBound, 30);
    assert.is(assignment.sizes.length, 3);
  });

  test("300 random sets: no overlap, right sizes, the bound is the peak and is kept", () => {
    for (let trial = 0; trial < 300; trial++) {
      const random = new Random(1, "memory", trial);
      const lifetimes = Array.from({ length: random.integer(40) }, () => {
        const from = random.integer(30);
        return life(4 * (1 + random.integer(trial % 2 ? 1000 : 3)), from, from + random.integer(8));
      });
      const assignment = assignBuffers(lifetimes);
      check(lifetimes, assignment);
      assert.is(assignment.lowerBound, peak(lifetimes));
      const total = assignment.sizes.reduce((sum, size) => sum + size, 0);
      assert.ok(total >= assignment.lowerBound);
      assert.ok(total <= lifetimes.reduce((sum, { bytes }) => sum + bytes, 0));
    }
  });
});
