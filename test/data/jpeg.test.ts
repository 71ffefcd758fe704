import * as assert from "uvu/assert";
import { decodeJpeg } from "../../src/data/jpeg.ts";
import { type Box, orientBox, type Picture } from "../../src/data/picture.ts";
import { suite } from "../harness.ts";
import { jpeg, withOrientation } from "./trees.ts";

const fixture = (name: string) => Deno.readFileSync(new URL(`fixtures/${name}.jpg`, import.meta.url));

const at = ({ width, data }: Picture, x: number, y: number): number[] => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];

function near(actual: number[], expected: number[], tolerance: number, label: string): void {
  assert.ok(
    actual.every((value, i) => Math.abs(value - expected[i]) <= tolerance),
    `${label}: ${actual}, not ${expected}`,
  );
}

/** The fixtures show four fields, 50×34 pixels; they were written by libjpeg (ImageMagick, cjpeg, Pillow). */
const FIELDS: [x: number, y: number, colour: number[]][] = [
  [12, 8, [200, 40, 30]],
  [38, 8, [30, 170, 60]],
  [12, 26, [40, 60, 190]],
  [38, 26, [230, 220, 90]],
];

suite("jpeg", (test) => {
  for (
    const [name, tolerance] of [["baseline", 2], ["progressive", 6], ["rgb", 2], ["cmyk", 2], ["ycck", 2]] as const
  ) {
    test(`${name} comes out in the colours a person sees`, () => {
      const { picture, stored } = decodeJpeg(fixture(name));
      assert.equal(stored, { width: 50, height: 34, orientation: 1 });
      assert.is(picture.data.length, 50 * 34 * 3);
      for (const [x, y, colour] of FIELDS) near(at(picture, x, y), colour, tolerance, `${x},${y}`);
    });
  }

  test("greyscale comes out with three equal channels", () => {
    const { picture } = decodeJpeg(fixture("grey"));
    for (const [x, y, [r, g, b]] of FIELDS) {
      const luma = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
      near(at(picture, x, y), [luma, luma, luma], 2, `${x},${y}`);
    }
  });

  test("each of the eight EXIF orientations is undone, and boxes go with it", () => {
    // Stored 24×16 with a mark in the top left corner; where a viewer shows it, by orientation (EXIF's own wording:
    // the 0th row is at the visual top / bottom / left / right, and so the 0th column).
    const corners = { 1: "tl", 2: "tr", 3: "br", 4: "bl", 5: "tl", 6: "tr", 7: "br", 8: "bl" };
    const flat = jpeg(24, 16, (x, y) => [x < 8 && y < 8 ? 230 : 20, x < 8 ? 230 : 20, 0]);
    for (const [orientation, corner] of Object.entries(corners)) {
      const { picture, stored } = decodeJpeg(withOrientation(flat, Number(orientation)));
      const turned = Number(orientation) >= 5;
      assert.equal([picture.width, picture.height], turned ? [16, 24] : [24, 16]);
      assert.equal(stored, { width: 24, height: 16, orientation: Number(orientation) });
      const x = corner[1] === "l" ? 3 : picture.width - 4;
      const y = corner[0] === "t" ? 3 : picture.height - 4;
      near(at(picture, x, y), [230, 230, 0], 8, `orientation ${orientation}`);
      // The band of the stored left edge runs along the visual side that the mark's second colour shows.
      const [bandX, bandY] = turned ? [picture.width - 1 - x, y] : [x, picture.height - 1 - y];
      near(at(picture, bandX, bandY), [20, 230, 0], 8, `band, orientation ${orientation}`);
      const box: Box = orientBox([0, 0, 8, 8], 24, 16, Number(orientation));
      assert.ok(box[0] <= x && x < box[2] && box[1] <= y && y < box[3], `box ${box} of orientation ${orientation}`);
      assert.equal([box[2] - box[0], box[3] - box[1]], [8, 8]);
    }
  });

  test("EXIF data that cannot be read leave the picture upright", () => {
    const damaged = withOrientation(jpeg(16, 8, () => [9, 9, 9]), 6).map((byte, i) => i > 12 && i < 30 ? 0xee : byte);
    assert.equal(decodeJpeg(damaged).stored, { width: 16, height: 8, orientation: 1 });
  });

  test("a file cut short anywhere is broken, as is anything but a JPEG", () => {
    for (const name of ["baseline", "progressive"]) {
      const bytes = fixture(name);
      for (let length = 0; length < bytes.length; length += 29) {
        assert.throws(() => decodeJpeg(bytes.subarray(0, length)), undefined, `${name}, ${length} bytes`);
      }
      assert.throws(() => decodeJpeg(bytes.subarray(0, bytes.length - 1)));
    }
    assert.throws(() => decodeJpeg(new TextEncoder().encode("not a JPEG at all")), /not a JPEG/);
  });
});
