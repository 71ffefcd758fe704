import * as assert from "uvu/assert";
import { assign } from "../../src/ops/assign.ts";
import { scale } from "../../src/ops/scale.ts";
import { suite } from "../harness.ts";
import { engine, evaluate, normal, place, readView, refused, same } from "./engine.ts";

suite("assign", (test) => {
  for (const length of [1, 63, 64, 65]) {
    test(`${length} values into a slice, its neighbours untouched`, async () => {
      const { gpu } = await engine();
      const x = normal([length], `assign ${length}`);
      const whole = await place(new Float32Array(256).fill(7));
      const slice = { ...whole, offset: 256, length };
      const [y] = await evaluate({ x }, ({ x }) => {
        const destination = x.graph.placed("destination", [length], slice);
        assign(destination, x);
        return [scale(destination, 2)];
      });
      const after = Array.from(await readView(whole));
      gpu.free(whole.buffer);
      assert.equal(after.slice(64, 64 + length), Array.from(x.data));
      const end = 64 + 4 * Math.ceil(length / 4);
      assert.ok(after.slice(0, 64).concat(after.slice(end)).every((value) => value === 7));
      same("what is read after it", y, { shape: [length], data: x.data.map((value) => 2 * value) });
    });
  }

  test("a destination without a place, or of another size, is refused", async () => {
    const { gpu } = await engine();
    const x = normal([8], "assign");
    await refused(
      () => evaluate({ x, y: x }, ({ x, y }) => (assign(y, x), [])),
      /assign: y has no place of its own/,
    );
    const view = await place(new Float32Array(9));
    await refused(
      () => evaluate({ x }, ({ x }) => (assign(x.graph.placed("nine", [9], view), x), [])),
      /assign\/forward: destination has 9 elements/,
    );
    gpu.free(view.buffer);
  });
});
