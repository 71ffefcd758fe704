import { softMinimum } from "../../src/ops/soft_minimum.ts";
import { gradient } from "../../src/tensor/gradient.ts";
import { suite } from "../harness.ts";
import { fromValues, map, type NdArray } from "../reference/array.ts";
import * as reference from "../reference/soft_minimum.ts";
import { close, evaluate, normal, refused, single, within } from "./engine.ts";

function run(x: NdArray, y: NdArray, dz: NdArray): Promise<NdArray[]> {
  return evaluate({ x, y, dz }, ({ x, y, dz }) => {
    const z = softMinimum(x, y);
    return [z, ...gradient(z, [x, y], dz)];
  });
}

suite("soft minimum", (test) => {
  for (const length of [1, 63, 64, 65, 700]) {
    test(`forward and both gradients, ${length} values`, async () => {
      const [x, y, dz] = ["x", "y", "dz"].map((name) => normal([length], `soft minimum ${name} ${length}`));
      const [z, dx, dy] = await run(x, y, dz);
      const expected = reference.softMinimumGradient(dz, x, y);
      close("z", z, reference.softMinimum(x, y), 1e-6);
      close("dx", dx, expected.dx, 1e-6);
      close("dy", dy, expected.dy, 1e-6);
    });
  }

  test("losses that are far apart: no NaN, the smaller one has all the gradient", async () => {
    const x = single(fromValues([4], [0, 600, 1e-3, 90]));
    const y = single(fromValues([4], [600, 0, 79, 0]));
    const dz = map(x, () => -1.5);
    const [z, dx, dy] = await run(x, y, dz);
    const expected = reference.softMinimumGradient(dz, x, y);
    within("z", z, reference.softMinimum(x, y), 1e-6);
    within("dx", dx, expected.dx, 1e-30);
    within("dy", dy, expected.dy, 1e-30);
  });

  test("sizes that differ are refused", () =>
    refused(() => run(normal([2], ""), normal([3], ""), normal([2], "")), /differ in size/));
});
