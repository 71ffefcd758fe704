import * as assert from "uvu/assert";
import { readSafetensors } from "../../src/data/safetensors.ts";
import { exportPredictions } from "../../src/nn/export_predictions.ts";
import { openRun } from "../../src/nn/run.ts";
import { suite } from "../harness.ts";
import { close, engine, refused } from "../ops/engine.ts";
import { fromValues } from "../reference/array.ts";
import { forwardBackward, type State } from "../reference/vgg13.ts";
import { fresh, tinyPack, tinyRun } from "../train/tiny.ts";

suite("exported predictions", (test) => {
  test("images, labels, logits and input gradients of a trained network agree with the reference", async () => {
    const [pack, run, out] = [await tinyPack(), await tinyRun(1), fresh("predictions")];
    const result = await exportPredictions(await engine(), pack, run, { out, split: "validation", gradients: true });
    const { tensors, metadata } = await readSafetensors(out);
    const [bytes, labels] = [await pack.images("validation"), await pack.labels("validation")];
    const count = labels.length;
    assert.equal(metadata, { run, split: "validation" });

    // [N, 3, H, W] there, [N, H, W, 3] here.
    const planar = (values: ArrayLike<number>) =>
      fromValues(
        [count, 3, 32, 32],
        Float64Array.from({ length: count * 3072 }, (_, i) => {
          const [n, c, pixel] = [Math.floor(i / 3072), Math.floor(i / 1024) % 3, i % 1024];
          return values[3 * (1024 * n + pixel) + c];
        }),
      );
    const { network, info: { architecture: { normaliser } } } = await openRun(await engine(), run);
    const state: State = new Map();
    const values = await network.parameters.read();
    for (const { name, shape, depth } of network.parameters.specs) {
      state.set(name, fromValues([...shape.slice(0, -1), depth], values.get(name)!));
    }
    network.free();
    const images = fromValues([count, 32, 32, 3], bytes);
    const { logits, dImages } = forwardBackward(state, images, labels, {
      mode: "inference",
      normaliser: { mean: normaliser.mean, deviation: normaliser.std },
    });
    const found = (name: string) => fromValues(tensors[name].shape, tensors[name].data as Float32Array);
    close("images", found("images"), planar(bytes), 0);
    assert.equal([...tensors.labels.data], [...labels]);
    close("logits", found("logits"), logits, 1e-4);
    // A trained network has rectifiers near zero, which may decide otherwise in f32: a loose bound for the layout.
    close("input gradients", found("input_gradients"), planar(dImages.data.map((value) => count * value)), 0.02);

    const row = (n: number) => [...logits.data.subarray(3 * n, 3 * n + 3)];
    const correct = [...labels.keys()].filter((n) => row(n).indexOf(Math.max(...row(n))) === labels[n]).length;
    assert.equal(result, { out, split: "validation", images: count, correct, accuracy: correct / count });
  });

  test("all memory is given back, and a file that cannot be written is named", async () => {
    const [device, pack, run] = [await engine(), await tinyPack(), await tinyRun(1)];
    const before = [device.gpu.allocatedBytes, device.gpu.allocatedBuffers];
    const options = { split: "train", gradients: false } as const;
    const out = `${fresh("nowhere")}/file`;
    await refused(
      () => exportPredictions(device, pack, run, { ...options, out }),
      /^\S+\/file cannot be written: .+\.$/,
    );
    assert.equal([device.gpu.allocatedBytes, device.gpu.allocatedBuffers], before);
  });
});
