import * as assert from "uvu/assert";
import {
  confidence,
  duration,
  integer,
  percent,
  percentRange,
  pixels,
  plural,
  times,
} from "../../src/report/format.ts";
import { amplification, noise } from "../../src/report/pictures.ts";
import { suite } from "../harness.ts";

const plain = (text: string) => text.replace(/\u202f/g, " ");

suite("numbers in reports", (test) => {
  test("shares", () => {
    assert.is(plain(percent(0.7194)), "71.9 %");
    assert.is(plain(percentRange(0, 0.0101)), "0.0–1.0 %");
    assert.is(plain(confidence(0.9999)), "> 99.9 %");
    assert.is(plain(confidence(0.9994)), "99.9 %");
    assert.is(plain(confidence(1)), "100.0 %");
    assert.throws(() => percent(NaN));
  });

  test("durations change unit where a reader would", () => {
    const shown: [number, string][] = [
      [0, "0.00 s"],
      [9.994, "9.99 s"],
      [9.995, "10 s"],
      [119.4, "119 s"],
      [119.6, "2 min 00 s"],
      [725, "12 min 05 s"],
      [3599.6, "1 h 00 min"],
      [7379, "2 h 03 min"],
    ];
    for (const [seconds, text] of shown) assert.is(plain(duration(seconds)), text);
  });

  test("counts and pixel values", () => {
    assert.is(integer(1234567), "1,234,567");
    assert.is(pixels(16), "16/255");
    assert.is(plain(times(2.014)), "× 2.01");
    assert.throws(() => times(1 / 0));
    assert.equal([plural(1, "network"), plural(1500, "network")], ["1 network", "1,500 networks"]);
  });
});

suite("noise pictures", (test) => {
  test("show no change as mid-grey and the whole ball as the whole range", () => {
    const picture = (...data: number[]) => ({ width: 1, height: 1, data: Uint8Array.from(data) });
    assert.equal(noise(picture(100, 100, 100), picture(100, 116, 84), 7), picture(128, 240, 16));
    assert.equal(noise(picture(0, 0, 0), picture(255, 1, 0), 7), picture(255, 135, 128), "clipped, not wrapped");
    assert.equal([4, 8, 16, 0, 200].map(amplification), [31, 15, 7, 127, 1]);
    assert.throws(() => noise(picture(0, 0, 0), { width: 2, height: 1, data: new Uint8Array(6) }, 1));
  });
});
