import * as assert from "uvu/assert";
import { klDivergence, type KlGradient } from "../../src/ops/kl_divergence.ts";
import { scale } from "../../src/ops/scale.ts";
import { gradient } from "../../src/tensor/gradient.ts";
import { suite } from "../harness.ts";
import { add } from "../reference/add.ts";
import { map, type NdArray } from "../reference/array.ts";
import * as reference from "../reference/kl_divergence.ts";
import { close, evaluate, normal, refused, same, single, within } from "./engine.ts";

function run(a: NdArray, b: NdArray, upstream: NdArray): Promise<NdArray[]> {
  return evaluate({ a, b, upstream }, ({ a, b, upstream }) => {
    const divergence = klDivergence(a, b);
    return [divergence, ...gradient(divergence, [a, b], upstream)];
  });
}

const logits = (shape: number[], purpose: string) => single(map(normal(shape, purpose), (value) => 2 * value));

suite("KL divergence", (test) => {
  for (const [batch, classes] of [[1, 2], [63, 3], [64, 10], [65, 7], [5, 201]]) {
    test(`forward and both gradients, [${batch}, ${classes}]`, async () => {
      const name = `kl ${batch} ${classes}`;
      const [a, b] = [logits([batch, classes], `${name} a`), logits([batch, classes], `${name} b`)];
      const upstream = normal([batch], `${name} upstream`);
      const [divergence, da, db] = await run(a, b, upstream);
      const expected = reference.klDivergenceGradient(upstream, a, b);
      close("divergence", divergence, reference.klDivergence(a, b), 1e-6);
      close("da", da, expected.da, 2e-6);
      close("db", db, expected.db, 2e-6);
    });
  }

  for (const through of ["both", "mixed", "clean"] as KlGradient[]) {
    test(`the gradient flows through ${through}`, async () => {
      // Both predictions come from one tensor, so that a side that leaks shows in its gradient.
      const x = logits([7, 10], `kl through ${through}`);
      const upstream = normal([7], "kl through, upstream");
      const [dx] = await evaluate(
        { x, upstream },
        ({ x, upstream }) => gradient(klDivergence(scale(x, 1.5), scale(x, -0.5), through), [x], upstream),
      );
      const times = (factor: number) => (array: NdArray) => map(array, (value) => factor * value);
      const { da, db } = reference.klDivergenceGradient(upstream, times(1.5)(x), times(-0.5)(x));
      const clean = times(through === "mixed" ? 0 : 1.5)(da);
      const mixed = times(through === "clean" ? 0 : -0.5)(db);
      close("dx", dx, add(clean, mixed), 2e-6);
    });
  }

  test("the side left out counts as no path at all", async () => {
    const [a, b] = [logits([2, 3], "kl a"), logits([2, 3], "kl b")];
    const ask = (through: KlGradient, side: "a" | "b") => () =>
      evaluate({ a, b }, (inputs) => gradient(klDivergence(inputs.a, inputs.b, through), [inputs[side]]));
    await refused(ask("mixed", "a"), /does not depend on a/);
    await refused(ask("clean", "b"), /does not depend on b/);
  });

  test("logits of ±80 and ±300: no NaN, and divergences up to 600 nats", async () => {
    const rowsA = [[80, -80, 0], [-80, 80, 80], [80, 80, 80], [0, 0, 0], [300, -300, 0]];
    const rowsB = [[-80, 80, 0], [-80, 80, 80], [-80, -80, -80], [80, -80, 0], [-300, 300, 0]];
    const a = single({ shape: [5, 3], data: Float64Array.from(rowsA.flat()) });
    const b = single({ shape: [5, 3], data: Float64Array.from(rowsB.flat()) });
    const upstream = normal([5], "kl large");
    const [divergence, da, db] = await run(a, b, upstream);
    const expected = reference.klDivergenceGradient(upstream, a, b);
    close("divergence", divergence, reference.klDivergence(a, b), 1e-6);
    within("da", da, expected.da, 1e-4);
    within("db", db, expected.db, 1e-6);
  });

  test("nearly equal logits: what is left of the cancellation is below 1e-6 nats", async () => {
    const a = logits([65, 10], "kl near");
    const b = single(map(a, (value, i) => value + 1e-4 * Math.sin(i)));
    const upstream = map(normal([65], "kl near, upstream"), () => 1);
    const [divergence, da, db] = await run(a, b, upstream);
    const expected = reference.klDivergenceGradient(upstream, a, b);
    within("divergence", divergence, reference.klDivergence(a, b), 1e-6);
    within("da", da, expected.da, 5e-7);
    within("db", db, expected.db, 5e-7);
    close("db", db, expected.db, 1e-2);
    assert.ok(divergence.data.every((value) => value > -1e-6));
  });

  test("equal logits: exactly nothing", async () => {
    const a = logits([65, 10], "kl equal");
    const [divergence, da, db] = await run(a, a, normal([65], "kl equal, upstream"));
    for (const [name, values] of Object.entries({ divergence, da, db })) same(name, values, map(values, () => 0));
  });

  test("logits of different sizes are refused", () =>
    refused(() => run(normal([2, 3], ""), normal([2, 4], ""), normal([2], "")), /klDivergence: .* differ/));
});
