import * as assert from "uvu/assert";
import { alphaOf } from "../../src/train/objective.ts";
import { digest } from "../nn/networks.ts";
import { suite } from "../harness.ts";
import { fresh, trainTiny } from "./tiny.ts";
import type { DefenceSettings } from "../../src/train/settings.ts";

/** The weight file after four steps with a defence. */
async function weights(defence: DefenceSettings): Promise<string> {
  const out = fresh("objective");
  await trainTiny({ defence, epochs: 1 }, { out });
  return digest(await Deno.readFile(`${out}/weights.safetensors`));
}

const kl = (lambda: number, changes = {}) =>
  ({ name: "mixup-kl", alpha: { fixed: 0.4 }, lambda, klGradient: "both", ...changes }) as const;

suite("objectives", (test) => {
  let plain: string;

  test("mixup-KL of weight zero is plain training, bit for bit", async () => {
    plain = await weights({ name: "none" });
    assert.is(await weights(kl(0)), plain);
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
    ];
    const results = [plain];
    for (const defence of all) results.push(await weights(defence));
    assert.is(new Set(results).size, results.length);
  });

  test("the α that is drawn is the defence's own", () => {
    assert.equal(alphaOf({ name: "mixup", alpha: { fixed: 0.3 } }), { fixed: 0.3 });
    assert.equal(alphaOf(kl(1, { alpha: { beta: [2, 10] } })), { beta: [2, 10] });
  });
});
