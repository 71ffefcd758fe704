import { clipPixels } from "../../src/ops/clip_pixels.ts";
import { suite } from "../harness.ts";
import { map } from "../reference/array.ts";
import { evaluate, normal, same, single } from "./engine.ts";

suite("clip pixels", (test) => {
  for (const length of [1, 63, 64, 65, 700]) {
    test(`${length} values around the range, exact`, async () => {
      const x = single(map(normal([length], `clip ${length}`), (value, i) => [0, 255, 127.5, -0][i % 4] + 3 * value));
      const [y] = await evaluate({ x }, ({ x }) => [clipPixels(x)]);
      same("y", y, map(x, (value) => Math.min(Math.max(value, 0), 255)));
    });
  }
});
