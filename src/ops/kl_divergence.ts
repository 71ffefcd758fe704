/** Kullback-Leibler divergence between two predictions. */
import type { Tensor } from "../tensor/graph.ts";

/** Which side of the divergence carries gradient; the other counts as a constant. */
export type KlGradient = "both" | "mixed" | "clean";

/**
 * KL(softmax(clean) ‖ softmax(mixed)), one value per image, in nats (Seiler et al., section IV.2).
 *
 * @param clean logits [batch, classes]
 * @param mixed logits [batch, classes]
 * @param through the side or sides the gradient flows through
 * @returns [batch]
 */
export function klDivergence(clean: Tensor, mixed: Tensor, through: KlGradient = "both"): Tensor {
  const [batch, classes] = clean.shape;
  if (mixed.length !== clean.length) throw new Error(`klDivergence: [${clean.shape}] and [${mixed.shape}] differ`);
  const { kernels } = clean.graph.engine;
  const params = { batch, classes };
  const [divergence] = clean.graph.add({
    operation: "KL divergence",
    inputs: [clean, mixed],
    outputs: [{ shape: [batch] }],
    flops: 12 * clean.length,
    dispatches: ([divergence], at) => [{
      kernel: kernels.get("kl_divergence/forward"),
      bindings: { a: at(clean), b: at(mixed), divergence: at(divergence) },
      params,
      threads: [batch],
    }],
    backward: ([upstream]) => {
      if (!upstream) return [];
      const [da, db] = clean.graph.add({
        operation: "KL divergence gradient",
        inputs: [clean, mixed, divergence, upstream],
        outputs: [{ shape: clean.shape }, { shape: mixed.shape }],
        flops: 16 * clean.length,
        dispatches: ([da, db], at) => [{
          kernel: kernels.get("kl_divergence/backward"),
          bindings: {
            a: at(clean),
            b: at(mixed),
            divergence: at(divergence),
            upstream: at(upstream),
            da: at(da),
            db: at(db),
          },
          params,
          threads: [batch],
        }],
      });
      return [through === "mixed" ? undefined : da, through === "clean" ? undefined : db];
    },
  });
  return divergence;
}
