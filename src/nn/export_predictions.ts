/** Predictions in a file, so that anyone can hold the engine against another framework. */
import type { Pack, Split } from "../data/pack.ts";
import { writeSafetensors } from "../data/safetensors.ts";
import type { Engine } from "../tensor/graph.ts";
import { DeviceImages, readerOf } from "./images.ts";
import { argmax, countCorrect, Predictor } from "./predict.ts";
import { checkFits, openRun } from "./run.ts";

export interface PredictResult {
  out: string;
  split: Split;
  images: number;
  correct: number;
  accuracy: number;
}

/**
 * Writes `images` F32 [N, 3, H, W] (0–255), `labels` I32 [N], `logits` F32 [N, classes] and, with `gradients`,
 * `input_gradients` F32 [N, 3, H, W]: of each image's cross-entropy with respect to that image.
 */
export async function exportPredictions(
  engine: Engine,
  pack: Pack,
  run: string,
  { out, split, gradients }: { out: string; split: Split; gradients: boolean },
): Promise<PredictResult> {
  const { network, info } = await openRun(engine, run);
  const { size, classes } = info.architecture;
  checkFits(run, info.architecture, { size: pack.size, classes: pack.classes.map(({ id }) => id) }, pack.path);
  const labels = await pack.labels(split);
  const bytes = await pack.images(split);
  const [count, pixels] = [labels.length, size * size];
  const images = await DeviceImages.upload(engine.gpu, size, count, readerOf(bytes, size));
  const predictor = await Predictor.compile(network, images, { gradients });
  const logits = new Float32Array(count * classes.length);
  const inputGradients = new Float32Array(gradients ? count * 3 * pixels : 0);
  for await (const { first, values } of predictor.batches(labels)) {
    logits.set(values[0], first * classes.length);
    if (gradients) inputGradients.set(toPlanes(values[1], pixels, 4), first * 3 * pixels);
  }
  for (const resource of [predictor, images, network]) resource.free();

  const shape = [count, 3, size, size];
  await writeSafetensors(out, {
    images: { dtype: "F32", shape, data: toPlanes(bytes, pixels, 3) },
    labels: { dtype: "I32", shape: [count], data: labels },
    logits: { dtype: "F32", shape: [count, classes.length], data: logits },
    ...(gradients ? { input_gradients: { dtype: "F32" as const, shape, data: inputGradients } } : {}),
  }, { run, split });
  const correct = countCorrect(argmax(logits, classes.length), labels);
  return { out, split, images: count, correct, accuracy: correct / count };
}

/** [N, pixels, channels] → [N, 3, pixels]; a fourth, padding channel is dropped. */
function toPlanes(values: ArrayLike<number>, pixels: number, channels: number): Float32Array {
  const count = values.length / (pixels * channels);
  const planes = new Float32Array(count * 3 * pixels);
  for (let n = 0; n < count; n++) {
    for (let c = 0; c < 3; c++) {
      for (let p = 0; p < pixels; p++) planes[(n * 3 + c) * pixels + p] = values[(n * pixels + p) * channels + c];
    }
  }
  return planes;
}
