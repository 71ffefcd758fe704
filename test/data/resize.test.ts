import * as assert from "uvu/assert";
import { cropAndScale, taps } from "../../src/data/resize.ts";
import { Random } from "../../src/random.ts";
import { suite } from "../harness.ts";

/** A picture whose value at (x, y) is the same in all channels. */
function grey(width: number, height: number, value: (x: number, y: number) => number) {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = value(Math.floor(i / 3) % width, Math.floor(i / 3 / width));
  return { width, height, data };
}

const red = (pixels: Uint8Array): number[] => [...pixels].filter((_, i) => i % 3 === 0);

/** Mean over a rectangle with fractional edges, straight from the definition. */
function areaMean(value: (x: number, y: number) => number, x0: number, x1: number, y0: number, y1: number): number {
  let sum = 0;
  for (let y = Math.floor(y0); y < y1; y++) {
    for (let x = Math.floor(x0); x < x1; x++) {
      const [w, h] = [Math.min(x + 1, x1) - Math.max(x, x0), Math.min(y + 1, y1) - Math.max(y, y0)];
      sum += Math.max(w, 0) * Math.max(h, 0) * value(x, y);
    }
  }
  return sum / ((x1 - x0) * (y1 - y0));
}

suite("resize", (test) => {
  test("the same size is the same picture, and channels stay apart", () => {
    const random = new Random(1, "pixels");
    const data = Uint8Array.from({ length: 7 * 7 * 3 }, () => random.integer(256));
    assert.equal(cropAndScale({ width: 7, height: 7, data }, [0, 0, 7, 7], 7), data);
  });

  test("the box is cut out where it lies", () => {
    const picture = grey(9, 6, (x, y) => y * 16 + x);
    assert.equal(red(cropAndScale(picture, [3, 2, 5, 4], 2)), [35, 36, 51, 52]);
  });

  test("downwards, every pixel is the mean of the area under it, also at fractional scales", () => {
    const random = new Random(2, "pixels");
    const values = Array.from({ length: 23 * 17 }, () => random.integer(256));
    const value = (x: number, y: number) => values[y * 23 + x];
    const out = red(cropAndScale(grey(23, 17, value), [1, 2, 22, 15], 5));
    const [sx, sy] = [21 / 5, 13 / 5];
    for (let y = 0; y < 5; y++) {
      for (let x = 0; x < 5; x++) {
        const mean = areaMean(value, 1 + x * sx, 1 + (x + 1) * sx, 2 + y * sy, 2 + (y + 1) * sy);
        assert.ok(Math.abs(out[y * 5 + x] - mean) <= 0.5001, `${x},${y}: ${out[y * 5 + x]} for ${mean}`);
      }
    }
  });

  test("the finest stripes become grey, not stripes", () => {
    const stripes = grey(64, 64, (x) => x % 2 * 200);
    assert.equal([...new Set(red(cropAndScale(stripes, [0, 0, 64, 64], 16)))], [100]);
  });

  test("upwards, values lie on the line between pixel centres and end at the edge pixels", () => {
    const out = red(cropAndScale(grey(2, 1, (x) => x * 80), [0, 0, 2, 1], 8)).slice(0, 8);
    assert.equal(out, [0, 0, 10, 30, 50, 70, 80, 80]);
  });

  test("the axes are independent: one may grow while the other shrinks", () => {
    const out = red(cropAndScale(grey(2, 8, (x, y) => x * 80 + y), [0, 0, 2, 8], 4));
    assert.equal(out.slice(0, 4), [1, 21, 61, 81]); // rows 0 and 1 average to 0.5, rounded up
    assert.equal(out.slice(12), [7, 27, 67, 87]);
  });

  test("weights sum to one and stay inside, for every pair of lengths", () => {
    for (let length = 1; length < 40; length++) {
      for (let size = 1; size < 40; size++) {
        for (const { first, weights } of taps(length, size)) {
          assert.ok(Math.abs(weights.reduce((sum, w) => sum + w) - 1) < 1e-12);
          assert.ok(
            first >= 0 && first + weights.length <= length && weights.every((w) => w >= 0),
            `${length}→${size}`,
          );
        }
      }
    }
  });
});
