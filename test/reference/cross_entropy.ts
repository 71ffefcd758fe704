/** Cross-entropy of each image: loss[n] = −log softmax(logits[n])[labels[n]]; logits [N, K] → losses [N]. */
import { fromFunction, map, type NdArray } from "./array.ts";
import { logSoftmax, softmax } from "./softmax.ts";

export function crossEntropy(logits: NdArray, labels: ArrayLike<number>): NdArray {
  const [images, classes] = logits.shape;
  const logProbabilities = logSoftmax(logits);
  return fromFunction([images], (n) => -logProbabilities.data[n * classes + labels[n]]);
}

/** dLoss [N] → dLogits [N, K]: upstream · (softmax − one-hot). */
export function crossEntropyGradient(dLoss: NdArray, logits: NdArray, labels: ArrayLike<number>): NdArray {
  const classes = logits.shape[1];
  return map(softmax(logits), (probability, i) => {
    const n = Math.floor(i / classes);
    const target = i % classes === labels[n] ? 1 : 0;
    return dLoss.data[n] * (probability - target);
  });
}
