import * as assert from "uvu/assert";
import { Surroundings } from "../../src/assess/surroundings.ts";
import type { DeviceImages } from "../../src/nn/images.ts";
import type { Network } from "../../src/nn/network.ts";
import { suite } from "../harness.ts";
import { architecture, digest, randomPictures, randomTwin, referenceNormaliser, upload } from "../nn/networks.ts";
import { close, engine } from "../ops/engine.ts";
import { fromValues, map, type NdArray } from "../reference/array.ts";
import { crossEntropy } from "../reference/cross_entropy.ts";
import { signOffset } from "../reference/sign_offset.ts";
import { forwardBackward, type State, vgg13 } from "../reference/vgg13.ts";

const SIZE = 32;
const settings = { mode: "inference", normaliser: referenceNormaliser } as const;
const design = architecture({ width: 0.0625 });

/** ∇ₓL of each image, in float64. */
const ascent = (state: State, x: NdArray, labels: ArrayLike<number>) =>
  forwardBackward(state, x, labels, settings).dImages;

async function around(
  network: Network,
  guides: readonly Network[],
  images: DeviceImages,
  { batch, clip }: { batch: number; clip: boolean },
): Promise<Surroundings> {
  return await Surroundings.compile(await engine(), network, guides, images, { batch, clip });
}

suite("surroundings of images", (test) => {
  for (const clip of [false, true]) {
    test(`losses are those of the float64 reference, ${clip ? "clipped" : "not clipped"}`, async () => {
      const [guide, own] = [await randomTwin(26, design), await randomTwin(30, design)];
      const { bytes, values, labels } = randomPictures(1, 3, SIZE, 3);
      const images = await upload(await engine(), bytes, SIZE);
      const surroundings = await around(own.network, [guide.network, own.network], images, { batch: 3, clip });
      surroundings.settle(Uint32Array.of(0, 1, 2), labels);
      // Every image at an amount of its own; far enough out that many values leave the range of pixels.
      const [first, second] = [[16, -5, 0], [-8, 32, 0]];
      const { losses, predicted } = await surroundings.look([Float32Array.from(first), Float32Array.from(second)]);

      const along = signOffset(values, ascent(guide.state, values, labels), first);
      const moved = signOffset(along, ascent(own.state, values, labels), second);
      const seen = clip ? map(moved, (value) => Math.min(Math.max(value, 0), 255)) : moved;
      const { logits } = vgg13(own.state, seen, settings);
      close("losses", fromValues([3], losses), crossEntropy(logits, labels), 1e-4);
      const expected = [0, 1, 2].map((n) => {
        const row = [...logits.data.subarray(3 * n, 3 * n + 3)];
        return row.indexOf(Math.max(...row));
      });
      assert.equal([...predicted], expected);
      for (const resource of [surroundings, images, guide.network, own.network]) resource.free();
    });
  }

  test("looks again at other places and settles on other images; alone or among others, bit for bit", async () => {
    const { network } = await randomTwin(26, design);
    const { bytes, labels } = randomPictures(1, 4, SIZE, 3);
    const images = await upload(await engine(), bytes, SIZE);
    const [many, one] = [
      await around(network, [network], images, { batch: 4, clip: true }),
      await around(network, [network], images, { batch: 1, clip: true }),
    ];
    const order = Uint32Array.of(3, 0, 2, 1);
    many.settle(order, labels);
    for (const epsilon of [0, 12, 3]) {
      const { losses } = await many.look([new Float32Array(4).fill(epsilon)]);
      const alone = new Float32Array(4);
      for (const [i, index] of order.entries()) {
        one.settle(Uint32Array.of(index), labels);
        alone[i] = (await one.look([Float32Array.of(epsilon)])).losses[0];
      }
      assert.is(digest(alone), digest(losses), `ε = ${epsilon}`);
      assert.is(new Set(losses).size, 4, "four images, four losses");
    }
    for (const resource of [many, one, images, network]) resource.free();
  });
});
