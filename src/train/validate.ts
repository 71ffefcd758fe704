/** Loss and accuracy on held-out images. */
import type { DeviceImages } from "../nn/images.ts";
import type { Network } from "../nn/network.ts";
import { argmax, countCorrect, Predictor, softmax } from "../nn/predict.ts";

export interface Validation {
  validationLoss: number;
  validationAccuracy: number;
}

/** A check of one network, compiled once and run after every epoch. */
export async function compileValidation(
  network: Network,
  images: DeviceImages,
  labels: ArrayLike<number>,
): Promise<{ run(): Promise<Validation>; free(): void }> {
  const predictor = await Predictor.compile(network, images);
  const classes = network.architecture.classes.length;
  return {
    run: async () => {
      const logits = await predictor.logits();
      let loss = 0;
      for (let n = 0; n < images.count; n++) {
        loss -= Math.log(softmax(logits.subarray(n * classes, (n + 1) * classes))[labels[n]]);
      }
      const correct = countCorrect(argmax(logits, classes), labels);
      return { validationLoss: loss / images.count, validationAccuracy: correct / images.count };
    },
    free: () => predictor.free(),
  };
}
