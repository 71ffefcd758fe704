/** The formulas for forward and backward passes against what is left in the compiled plan of a whole step. */
import * as assert from "uvu/assert";
import { Network } from "../../src/nn/network.ts";
import { objectiveOf } from "../../src/train/objective.ts";
import { countPasses, passesOf } from "../../src/train/passes.ts";
import type { DefenceSettings } from "../../src/train/settings.ts";
import { OptimiserState, TrainStep } from "../../src/train/step.ts";
import { suite } from "../harness.ts";
import { architecture, randomPictures, upload } from "../nn/networks.ts";
import { engine } from "../ops/engine.ts";

/** Convolutions of VGGNet13, and its batch norms. */
const LAYERS = 10;
const kl = { name: "mixup-kl", alpha: { fixed: 0.4 }, lambda: 1 } as const;
const defences: DefenceSettings[] = [
  { name: "none" },
  { name: "mixup", alpha: { fixed: 0.4 } },
  { ...kl, klGradient: "both" },
  { ...kl, klGradient: "mixed" },
  { ...kl, klGradient: "clean" },
  { name: "pgd", epsilon: 8, step: 2, steps: 3 },
  { name: "pgd", epsilon: 8, step: 2, steps: 7 },
  { name: "vat", epsilon: 15, xi: 1, steps: 1, lambda: 1 },
  { name: "vat", epsilon: 15, xi: 1, steps: 3, lambda: 1 },
];

suite("passes", (test) => {
  for (const defence of defences) {
    const { name, ...strength } = defence;
    test(`${name} ${JSON.stringify(strength)}`, async () => {
      const network = new Network(await engine(), architecture({ width: 0.0625 }));
      const images = await upload(network.engine, randomPictures(1, 2, 32, 3).bytes, 32);
      const state = new OptimiserState(network);
      const step = await TrainStep.compile(network, images, 2, objectiveOf(defence, 1), state);
      const nodes = [...new Set(step.plan.steps.map(({ node }) => node))];
      const count = (operation: string) => nodes.filter((node) => node.operation === operation).length;
      const counted = countPasses(step.plan);
      for (const resource of [step, state, images, network]) resource.free();

      assert.equal(counted, passesOf(defence));
      const { forward, backward } = passesOf(defence);
      assert.is(count("conv2d"), forward * LAYERS);
      // Back to the weights, every convolution has their gradient and all but the first its input's; back to the images,
      // every one its input's and none its weights'.
      const toWeights = count("conv2d weight gradient") / LAYERS;
      const toImages = (count("conv2d input gradient") - toWeights * (LAYERS - 1)) / LAYERS;
      assert.is(toWeights + toImages, backward);
      assert.ok(Number.isInteger(toWeights) && Number.isInteger(toImages));
      assert.is(count("batch norm statistics + running"), LAYERS, "one pass moves the running statistics");
    });
  }
});
