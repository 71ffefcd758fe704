import * as assert from "uvu/assert";
import type { Gpu } from "../../src/gpu/device.ts";
import { DeviceImages } from "../../src/nn/images.ts";
import { Predictor } from "../../src/nn/predict.ts";
import { suite } from "../harness.ts";
import { engine, refused } from "../ops/engine.ts";
import { architecture, digest, randomPictures, randomTwin, upload } from "./networks.ts";

/** The same device, but with a smaller limit. */
async function limited(maxStorageBufferBindingSize: number): Promise<Gpu> {
  const { gpu } = await engine();
  const { queue } = gpu.device;
  return {
    device: { queue, limits: { maxStorageBufferBindingSize } },
    guarded: gpu.guarded.bind(gpu),
    allocate: gpu.allocate.bind(gpu),
    free: gpu.free.bind(gpu),
  } as unknown as Gpu;
}

suite("images on the device", (test) => {
  test("in several buffers they give the very logits they give in one", async () => {
    // 33 · 33 · 3 bytes are no whole number of words.
    const design = architecture({ size: 33, width: 0.0625 });
    const { network } = await randomTwin(3, design);
    const { bytes } = randomPictures(3, 7, 33, 3);
    const each = 33 * 33 * 3;
    const whole = await upload(network.engine, bytes, 33);
    const read = (from: number, to: number) => bytes.subarray(from * each, to * each);
    const split = await DeviceImages.upload(await limited(3 * each + 4), 33, 7, read);
    assert.equal(whole.chunks.map(({ first, images }) => [first, images]), [[0, 7]]);
    assert.equal(split.chunks.map(({ first, images }) => [first, images]), [[0, 3], [3, 3], [6, 1]]);
    const logits: Float32Array[] = [];
    for (const images of [whole, split]) {
      const predictor = await Predictor.compile(network, images, { batch: 4 });
      logits.push(await predictor.logits());
      predictor.free();
    }
    assert.is(digest(logits[1]), digest(logits[0]));
    for (const resource of [whole, split, network]) resource.free();
  });

  test("a buffer filled in several pieces holds every byte", async () => {
    const { gpu } = await engine();
    const each = 37 * 37 * 3;
    const count = 4101;
    // No two words alike.
    const words = Uint32Array.from({ length: Math.ceil(count * each / 4) }, (_, i) => Math.imul(i + 1, 0x9e3779b1));
    const bytes = new Uint8Array(words.buffer);
    let pieces = 0;
    const images = await DeviceImages.upload(gpu, 37, count, (from, to) => {
      pieces++;
      return bytes.subarray(from * each, to * each);
    });
    assert.ok(pieces > 1);
    const stored = new Uint8Array(await gpu.read(images.chunks[0].view.buffer)).subarray(0, count * each);
    assert.is(stored.findIndex((value, i) => value !== bytes[i]), -1);
    images.free();
  });

  test("no images are refused, and freeing gives all memory back", async () => {
    const { gpu } = await engine();
    const before = gpu.allocatedBytes;
    await refused(() => DeviceImages.upload(gpu, 32, 0, () => new Uint8Array()), /^There are no images to work on\.$/);
    const images = await DeviceImages.upload(gpu, 32, 1, () => new Uint8Array(3072));
    assert.is(gpu.allocatedBytes, before + 3072);
    images.free();
    assert.is(gpu.allocatedBytes, before);
  });
});
