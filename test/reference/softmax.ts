/** Softmax over the last axis of logits [N, K], shifted by each row's maximum so that no exponential overflows. */
import { map, type NdArray } from "./array.ts";

export function logSoftmax(logits: NdArray): NdArray {
  const [images, classes] = logits.shape;
  const normalisers = Array.from({ length: images }, (_, n) => {
    const row = logits.data.subarray(n * classes, (n + 1) * classes);
    const maximum = Math.max(...row);
    return maximum + Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - maximum), 0));
  });
  return map(logits, (logit, i) => logit - normalisers[Math.floor(i / classes)]);
}

export function softmax(logits: NdArray): NdArray {
  return map(logSoftmax(logits), Math.exp);
}
