import { crossEntropy } from "../../src/ops/cross_entropy.ts";
import { Random } from "../../src/random.ts";
import { gradient } from "../../src/tensor/gradient.ts";
import { suite } from "../harness.ts";
import { map, type NdArray } from "../reference/array.ts";
import * as reference from "../reference/cross_entropy.ts";
import { close, evaluate, normal, refused, same, single, within } from "./engine.ts";

function run(logits: NdArray, labels: ArrayLike<number>, upstream: NdArray): Promise<NdArray[]> {
  const feeds = { logits, upstream, labels: { shape: [labels.length], data: labels, dtype: "u32" as const } };
  return evaluate(feeds, ({ logits, labels, upstream }) => {
    const losses = crossEntropy(logits, labels);
    return [losses, ...gradient(losses, [logits], upstream)];
  });
}

suite("cross-entropy", (test) => {
  for (const [batch, classes] of [[1, 2], [63, 3], [64, 10], [65, 7], [5, 201]]) {
    test(`forward and gradient, [${batch}, ${classes}]`, async () => {
      const name = `cross-entropy ${batch} ${classes}`;
      const logits = single(map(normal([batch, classes], name), (value) => 3 * value));
      const random = new Random(1, `${name} labels`);
      const labels = Uint32Array.from({ length: batch }, () => random.integer(classes));
      const upstream = normal([batch], `${name} upstream`);
      const [losses, dlogits] = await run(logits, labels, upstream);
      close("losses", losses, reference.crossEntropy(logits, labels), 1e-6);
      close("dlogits", dlogits, reference.crossEntropyGradient(upstream, logits, labels), 2e-6);
    });
  }

  test("logits of ±80 and ±1e30 neither overflow nor give NaN", async () => {
    const rows = [[80, -80, 0], [-80, 80, 79], [80, 80, 80], [-80, -80, -80], [1e30, -1e30, 0]];
    const logits = single({ shape: [5, 3], data: Float64Array.from(rows.flat()) });
    const labels = [1, 2, 0, 1, 0];
    const upstream = normal([5], "cross-entropy large");
    const [losses, dlogits] = await run(logits, labels, upstream);
    within("losses", losses, reference.crossEntropy(logits, labels), 1e-5);
    within("dlogits", dlogits, reference.crossEntropyGradient(upstream, logits, labels), 1e-6);
  });

  test("a single class costs nothing and has no gradient", async () => {
    const logits = normal([3, 1], "cross-entropy one class");
    const [losses, dlogits] = await run(logits, [0, 0, 0], normal([3], "cross-entropy one class, upstream"));
    same("losses", losses, map(losses, () => 0));
    same("dlogits", dlogits, map(dlogits, () => 0));
  });

  test("a label per image is demanded", () =>
    refused(() => run(normal([3, 4], ""), [0, 1], normal([3], "")), /2 labels for 3 images/));
});
