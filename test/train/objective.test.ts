import * as assert from "uvu/assert";
import { alphaOf } from "../../src/train/objective.ts";
import { digest } from "../nn/networks.ts";
import { suite } from "../harness.ts";
import { fresh, trainTiny } from "./tiny.ts";
import type { DefenceSettings } from "../../src/train/settings.ts";

/** The weight file after four steps with a defence. */
async function weights(defence: DefenceSettings, seed = 1): Promise<string> {
  const out = fresh("objective");
  await trainTiny({ defence, epochs: 1, seed }, { out });
  return digest(await Deno.readFile(`${out}/weights.safetensors`));
}

const kl = (lambda: number, changes = {}) =>
  ({ name: "mixup-kl", alpha: { fixed: 0.4 }, lambda, klGradient: "both", ...changes }) as const;

const pgd = (changes = {}) => ({ name: "pgd", epsilon: 8, step: 2, steps: 2, ...changes }) as const;
const vat = (changes = {}) => ({ name: "vat", epsilon: 15, xi: 0.1, steps: 1, lambda: 1, ...changes }) as const;

suite("objectives", (test) => {
  let plain: string;

  test("a divergence of weight zero is plain training, bit for bit", async () => {
    plain = await weights({ name: "none" });
    assert.is(await weights(kl(0)), plain);
    assert.is(await weights(vat({ lambda: 0 })), plain);
  });

  test("PGD with an ε of zero is plain training, bit for bit", async () => {
    assert.is(await weights(pgd({ epsilon: 0 })), plain);
  });

  test("what is drawn on the device is the seed's: the same seed gives the same bytes, another other ones", async () => {
    for (const defence of [pgd(), vat()]) {
      const first = await weights(defence);
      assert.is(await weights(defence), first, defence.name);
      assert.is.not(await weights(defence, 2), first, defence.name);
    }
  });

  test("every setting of a defence changes the weights", async () => {
    const all: DefenceSettings[] = [
      kl(3),
      kl(4),
      kl(3, { alpha: { fixed: 0.3 } }),
      kl(3, { alpha: { beta: [2, 4] } }),
      kl(3, { alpha: { beta: [2, 6] } }),
      kl(3, { klGradient: "mixed" }),
      kl(3, { klGradient: "clean" }),
      { name: "mixup", alpha: { fixed: 0.4 } },
      { name: "mixup", alpha: { fixed: 0.3 } },
      { name: "mixup", alpha: { beta: [2, 4] } },
      pgd(),
      pgd({ epsilon: 4 }),
      pgd({ step: 1 }),
      pgd({ steps: 3 }),
      vat(),
      vat({ epsilon: 5 }),
      vat({ xi: 1 }),
      vat({ steps: 2 }),
      vat({ lambda: 2 }),
    ];
    const results = [plain];
    for (const defence of all) results.push(await weights(defence));
    assert.is(new Set(results).size, results.length);
  });

  test("the α that is drawn is the defence's own", () => {
    assert.equal(alphaOf({ name: "mixup", alpha: { fixed: 0.3 } }), { fixed: 0.3 });
    assert.equal(alphaOf(pgd()), { fixed: 0.5 });
    assert.equal(alphaOf(kl(1, { alpha: { beta: [2, 10] } })), { beta: [2, 10] });
  });
});
