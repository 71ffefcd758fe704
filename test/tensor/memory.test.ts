import * as assert from "uvu/assert";
import { Random } from "../../src/random.ts";
import { assignBuffers, type Assignment, type Lifetime } from "../../src/tensor/memory.ts";
import { suite } from "../harness.ts";

const life = (bytes: number, ...uses: number[]): Lifetime => ({ bytes, uses });
const alive = ({ uses }: Lifetime, time: number) => uses[0] <= time && time <= uses[uses.length - 1];

/** The bytes alive at the busiest time, counted time by time. */
function peak(lifetimes: Lifetime[]): number {
  const last = Math.max(0, ...lifetimes.flatMap(({ uses }) => uses));
  const bytes = Array.from(
    { length: last + 1 },
    (_, time) => lifetimes.filter((life) => alive(life, time)).reduce((sum, { bytes }) => sum + bytes, 0),
  );
  return Math.max(...bytes);
}

/**
 * Everything lies inside its buffer at an offset WebGPU can bind, no byte is two tensors' at once, no node reads from a
 * buffer it writes to, and no buffer is larger than what it holds.
 */
function check(lifetimes: Lifetime[], { places, sizes }: Assignment): void {
  assert.is(places.length, lifetimes.length);
  const filled = sizes.map(() => 0);
  lifetimes.forEach((a, i) => {
    const { buffer, offset } = places[i];
    assert.is(offset % 256, 0);
    filled[buffer] = Math.max(filled[buffer], offset + a.bytes);
    lifetimes.slice(0, i).forEach((b, j) => {
      if (places[j].buffer !== buffer) return;
      const apart = offset + a.bytes <= places[j].offset || places[j].offset + b.bytes <= offset;
      const together = a.uses.some((time) => alive(b, time)) || b.uses.some((time) => alive(a, time));
      if (together && !apart) throw new Error(`${i} and ${j} share bytes of buffer ${buffer} while alive`);
      const common = a.uses.filter((time) => b.uses.includes(time));
      if (common.some((time) => time === a.uses[0] || time === b.uses[0])) {
        throw new Error(`a node writes ${i} or ${j} and touches both in buffer ${buffer}`);
      }
    });
  });
  assert.equal(sizes, filled);
}

suite("memory", (test) => {
  test("nothing needs nothing", () => {
    assert.equal(assignBuffers([]), { places: [], sizes: [], lowerBound: 0 });
  });

  test("a chain needs two buffers, however long", () => {
    const chain = Array.from({ length: 50 }, (_, i) => life(100, i, i + 1));
    const assignment = assignBuffers(chain);
    check(chain, assignment);
    assert.equal(assignment.sizes, [100, 100]);
    assert.is(assignment.lowerBound, 200);
  });

  test("a tensor read and one written by the same node do not share a buffer, wide as it may be", () => {
    const { places: [, one, other] } = assignBuffers([life(4096, 0, 1), life(8, 2, 3), life(8, 3, 5)]);
    assert.is.not(one.buffer, other.buffer);
  });

  test("tensors of different times share the buffer of the largest", () => {
    assert.equal(assignBuffers([life(4, 0, 1), life(64, 2), life(16, 3, 9)]).sizes, [64]);
  });

  test("small tensors lie side by side in a large one's buffer", () => {
    const lifetimes = [life(1024, 0, 1), life(512, 2, 6), life(512, 3, 5)];
    const assignment = assignBuffers(lifetimes);
    check(lifetimes, assignment);
    assert.equal(assignment.sizes, [1024]);
    assert.equal(assignment.places.map(({ offset }) => offset), [0, 0, 512]);
  });

  test("a residual keeps its bytes across the branch", () => {
    const lifetimes = [life(10, 0, 1, 4), life(10, 1, 2), life(10, 2, 3), life(10, 3, 4), life(10, 4, 5)];
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
        const readers = Array.from({ length: random.integer(8) }, (_, k) => from + 1 + k).filter(() =>
          random.integer(2)
        );
        return life(4 * (1 + random.integer(trial % 2 ? 1000 : 3)), from, ...readers);
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
