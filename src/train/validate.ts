/** Loss and accuracy on held-out images. */
import { UserError } from "../errors.ts";
import type { DeviceImages } from "../nn/images.ts";
import type { Network } from "../nn/network.ts";
import { argmax, countCorrect, Predictor } from "../nn/predict.ts";

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
        loss += crossEntropy(logits.subarray(n * classes, (n + 1) * classes), labels[n]);
      }
      if (!Number.isFinite(loss)) throw new UserError("The validation loss is no longer a number; try a smaller --lr.");
      const correct = countCorrect(argmax(logits, classes), labels);
      return { validationLoss: loss / images.count, validationAccuracy: correct / images.count };
    },
    free: () => predictor.free(),
  };
}

/** Of one image; finite however sure of a wrong class the network is, where the softmax itself is zero. */
function crossEntropy(logits: Float32Array, label: number): number {
  const largest = Math.max(...logits);
  const sum = logits.reduce((total, z) => total + Math.exp(z - largest), 0);
  return Math.log(sum) + largest - logits[label];
}
