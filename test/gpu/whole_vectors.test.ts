import * as assert from "uvu/assert";
import { record, submit } from "../../src/gpu/record.ts";
import { suite } from "../harness.ts";
import { engine, place, readView } from "../ops/engine.ts";

suite("kernels that take four elements at a time", (test) => {
  for (
    const [name, output] of [["add", "z"], ["assign", "destination"], ["clip_pixels", "y"], ["fill", "y"], [
      "relu",
      "y",
    ], ["scale", "y"]]
  ) {
    test(`${name} ends five elements with zeros and leaves the rest alone`, async () => {
      const { gpu, kernels } = await engine();
      const kernel = kernels.get(`${name}/forward`);
      const whole = await place(new Float32Array(12).fill(7));
      const other = await place(new Float32Array(12).fill(7));
      const bindings = Object.fromEntries(
        [...kernel.storage.keys()].map((binding) => [binding, { ...binding === output ? whole : other, length: 5 }]),
      );
      const members = kernel.uniform!.members.map(({ name }) => [name, name === "length" ? 5 : 1]);
      const dispatch = { kernel, bindings, params: Object.fromEntries(members), threads: [3] as [number] };
      const { calls, uniforms } = await record(gpu, [dispatch]);
      submit(gpu, calls);
      const after = Array.from(await readView(whole));
      for (const buffer of [whole.buffer, other.buffer, uniforms!]) gpu.free(buffer);
      assert.equal(after.slice(5), [0, 0, 0, 7, 7, 7, 7]);
      assert.ok(after.slice(0, 5).every((value) => value !== 0));
    });
  }
});
