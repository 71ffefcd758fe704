import { dense } from "../../src/ops/dense.ts";
import { gradient } from "../../src/tensor/gradient.ts";
import { suite } from "../harness.ts";
import * as reference from "../reference/dense.ts";
import { close, cropChannels, evaluate, normal, padChannels, refused } from "./engine.ts";

/** [batch, channels, classes]; outputs of 63, 64 and 65 values, and weights of 63 and 65 vec4s among them. */
const shapes = [[1, 1, 1], [2, 3, 2], [9, 5, 7], [64, 4, 1], [5, 20, 13], [3, 12, 21], [2, 512, 10], [65, 8, 201]];

suite("dense", (test) => {
  for (const [batch, channels, classes] of shapes) {
    const name = `[${batch}, ${channels}] → ${classes}`;
    test(`forward and three gradients, ${name}`, async () => {
      const x = normal([batch, channels], `dense ${name} x`);
      const w = normal([classes, channels], `dense ${name} w`);
      const b = normal([classes], `dense ${name} b`);
      const dy = normal([batch, classes], `dense ${name} dy`);
      const [y, dx, dw, db] = await evaluate({ x: padChannels(x), w: padChannels(w), b, dy }, ({ x, w, b, dy }) => {
        const y = dense(x, w, b);
        return [y, ...gradient(y, [x, w, b], dy)];
      });
      const expected = reference.denseGradient(dy, x, w);
      close("y", y, reference.dense(x, w, b), 1e-6);
      close("dx", cropChannels(dx, channels), expected.dx, 1e-6);
      close("dw", cropChannels(dw, channels), expected.dw, 1e-6);
      close("db", db, expected.db, 1e-6);
    });
  }

  test("shapes that do not fit are refused", async () => {
    const run = (x: number[], w: number[], b: number[]) => () =>
      evaluate({ x: normal(x, ""), w: normal(w, ""), b: normal(b, "") }, ({ x, w, b }) => [dense(x, w, b)]);
    await refused(run([2, 8], [3, 4], [3]), /dense of \[2,8\] with \[3,4\]/);
    await refused(run([2, 8], [3, 8], [4]), /do not fit/);
    await refused(run([2, 6], [3, 6], [3]), /do not fit/);
  });
});
