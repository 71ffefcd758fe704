/**
 * KL(p‖q) = Σ_k p_k·(log p_k − log q_k) of each image, with p = softmax(a) and q = softmax(b): logits [N, K] → [N].
 * Everything is computed from log-probabilities, so saturated softmaxes give no NaN.
 */
import { map, type NdArray, zeros } from "./array.ts";
import { logSoftmax } from "./softmax.ts";

export function klDivergence(a: NdArray, b: NdArray): NdArray {
  const classes = a.shape[1];
  const [logP, logQ] = [logSoftmax(a), logSoftmax(b)];
  const divergences = zeros([a.shape[0]]);
  logP.data.forEach((lp, i) => divergences.data[Math.floor(i / classes)] += Math.exp(lp) * (lp - logQ.data[i]));
  return divergences;
}

/** dLoss [N] → the gradients to both logits; a caller that detaches one side leaves that one out. */
export function klDivergenceGradient(dLoss: NdArray, a: NdArray, b: NdArray): { da: NdArray; db: NdArray } {
  const classes = a.shape[1];
  const [logP, logQ] = [logSoftmax(a), logSoftmax(b)];
  const divergences = klDivergence(a, b);
  const image = (i: number) => Math.floor(i / classes);
  return {
    da: map(logP, (lp, i) => dLoss.data[image(i)] * Math.exp(lp) * (lp - logQ.data[i] - divergences.data[image(i)])),
    db: map(logQ, (lq, i) => dLoss.data[image(i)] * (Math.exp(lq) - Math.exp(logP.data[i]))),
  };
}
