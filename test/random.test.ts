import * as assert from "uvu/assert";
import { philox, Random } from "../src/random.ts";
import { suite } from "./harness.ts";

suite("random", (test) => {
  test("philox equals the published known answers", () => {
    const hex = (words: number[]) => words.map((word) => word.toString(16).padStart(8, "0")).join(" ");
    assert.is(hex(philox([0, 0, 0, 0], [0, 0])), "6627e8d5 e169c58d bc57ac4c 9b00dbd8");
    const ones = 0xffffffff;
    assert.is(hex(philox([ones, ones, ones, ones], [ones, ones])), "408f276d 41c83b0e a20bc7c6 6d5451fd");
    assert.is(
      hex(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])),
      "d16cfe09 94fdcceb 5001e420 24126ea1",
    );
  });

  test("seed, purpose and step each give another stream, and the same three the same", () => {
    const draw = (seed: number, purpose: string, step: number) => new Random(seed, purpose, step).uint32();
    assert.is(draw(1, "shuffle", 0), draw(1, "shuffle", 0));
    const streams = [draw(1, "shuffle", 0), draw(2, "shuffle", 0), draw(1, "mix", 0), draw(1, "shuffle", 1)];
    assert.is(new Set(streams).size, 4);
  });

  test("beta draws have the mean and variance of the distribution", () => {
    const random = new Random(7, "beta");
    const draws = Array.from({ length: 20_000 }, () => random.beta(2, 4));
    const mean = draws.reduce((sum, x) => sum + x) / draws.length;
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
    assert.ok(Math.abs(mean - 2 / 6) < 0.005, `mean ${mean}`);
    assert.ok(Math.abs(variance - 8 / (36 * 7)) < 0.002, `variance ${variance}`);
  });

  test("a derangement moves every element, a permutation keeps all", () => {
    for (let length = 2; length < 40; length++) {
      const order = new Random(3, "derangement", length).derangement(length);
      assert.ok(order.every((to, from) => to !== from));
      assert.is(new Set(order).size, length);
    }
  });
});
