import { scale } from "../../src/ops/scale.ts";
import { gradient } from "../../src/tensor/gradient.ts";
import { suite } from "../harness.ts";
import * as reference from "../reference/scale.ts";
import { evaluate, normal, same, single } from "./engine.ts";

suite("scale", (test) => {
  for (const [length, factor] of [[1, 0], [63, -2.5], [64, 0.1], [65, 1e-3], [421, 6]]) {
    test(`${length} values times ${factor} and the gradient, exact`, async () => {
      const [x, dy] = ["x", "dy"].map((name) => normal([length], `scale ${length} ${name}`));
      const [y, dx] = await evaluate({ x, dy }, ({ x, dy }) => {
        const y = scale(x, factor);
        return [y, ...gradient(y, [x], dy)];
      });
      same("y", y, single(reference.scale(x, Math.fround(factor))));
      same("dx", dx, single(reference.scale(dy, Math.fround(factor))));
    });
  }
});
