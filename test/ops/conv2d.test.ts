import * as assert from "uvu/assert";
import { conv2d, convolutionVersions } from "../../src/ops/conv2d.ts";
import { Random } from "../../src/random.ts";
import { gradient } from "../../src/tensor/gradient.ts";
import { suite } from "../harness.ts";
import { randomNormal } from "../reference/array.ts";
import * as reference from "../reference/conv2d.ts";
import { close, cropChannels, engine, evaluate, padChannels, single } from "./engine.ts";

/** [batch, height, width, inChannels, outChannels, side, stride, padding] */
const shapes = [
  [1, 5, 7, 3, 5, 3, 1, 1],
  [2, 8, 8, 4, 8, 3, 1, 1],
  [3, 13, 11, 5, 1, 3, 2, 1],
  [2, 9, 8, 1, 16, 3, 1, 0],
  [1, 17, 5, 16, 20, 3, 1, 1],
  [5, 2, 2, 32, 36, 3, 1, 1],
  [7, 1, 3, 8, 32, 3, 1, 1],
  [2, 7, 7, 12, 8, 1, 1, 0],
  [2, 7, 6, 12, 8, 1, 2, 0],
  [1, 15, 14, 3, 8, 7, 2, 3],
  [2, 6, 7, 4, 4, 5, 1, 2],
  [9, 4, 4, 36, 64, 3, 1, 1],
  [2, 31, 33, 28, 12, 3, 2, 1],
];

suite("conv2d", (test) => {
  for (const [batch, height, width, inChannels, outChannels, side, stride, padding] of shapes) {
    const name =
      `[${batch}, ${height}, ${width}, ${inChannels}] → ${outChannels}, ${side}×${side}/${stride}, padding ${padding}`;
    for (const version of convolutionVersions) {
      test(`forward and both gradients, ${name}, ${version}`, async () => {
        const random = new Random(1, name);
        const x = single(randomNormal([batch, height, width, inChannels], random));
        const w = single(randomNormal([outChannels, side, side, inChannels], random));
        const expected = reference.conv2d(x, w, stride, padding);
        const dy = single(randomNormal(expected.shape, random));
        const padded = Math.ceil(outChannels / 4) * 4;
        const filters = padChannels(w);
        const weights = new Float64Array(filters.data.length / outChannels * padded);
        weights.set(filters.data);
        const [y, dx, dw] = await evaluate(
          {
            x: padChannels(x),
            w: { shape: [padded, side, side, filters.shape[3]], data: weights },
            dy: padChannels(dy),
          },
          ({ x, w, dy }) => {
            const y = conv2d(x, w, { stride, padding, version });
            return [y, ...gradient(y, [x, w], dy)];
          },
        );
        close("y", cropChannels(y, outChannels), expected, 1e-6);
        close("dx", cropChannels(dx, inChannels), reference.conv2dInputGradient(dy, w, x.shape, stride, padding), 1e-6);
        const kept = { shape: [outChannels, ...dw.shape.slice(1)], data: dw.data.slice(0, filters.data.length) };
        close(
          "dw",
          cropChannels(kept, inChannels),
          reference.conv2dWeightGradient(x, dy, w.shape, stride, padding),
          2e-6,
        );
      });
    }
  }

  test("an image's result does not depend on the batch it is in", async () => {
    const random = new Random(2, "batch");
    const x = single(randomNormal([5, 6, 6, 8], random));
    const w = single(randomNormal([8, 3, 3, 8], random));
    const run = (images: typeof x) =>
      evaluate({ x: images, w }, ({ x, w }) => {
        const y = conv2d(x, w);
        return [y, ...gradient(y, [x])];
      });
    const [all, allDx] = await run(x);
    const one = { shape: [1, 6, 6, 8], data: x.data.slice(2 * 288, 3 * 288) };
    const [alone, aloneDx] = await run(one);
    assert.equal(alone.data, all.data.slice(2 * 288, 3 * 288));
    assert.equal(aloneDx.data, allDx.data.slice(2 * 288, 3 * 288));
  });

  test("shapes that do not fit are refused by name", async () => {
    await engine();
    const refused = async (x: number[], w: number[], sentence: RegExp, options = {}) => {
      const feed = (shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b)) });
      let message = "";
      await evaluate({ x: feed(x), w: feed(w) }, ({ x, w }) => [conv2d(x, w, options)]).catch((e) =>
        message = e.message
      );
      assert.match(message, sentence);
    };
    await refused([1, 4, 4, 8], [8, 3, 3, 4], /input channels differ/);
    await refused([1, 4, 4, 6], [8, 3, 3, 6], /multiple of 4/);
    await refused([1, 4, 4, 8], [8, 3, 1, 8], /square/);
    await refused([1, 4, 4, 8], [8, 3, 3, 8], /stride 3/, { stride: 3 });
  });
});
