/** The normaliser, part of every network: images come in as 0 to 255. */
import type { Tensor } from "../tensor/graph.ts";

/** Per-channel mean and standard deviation of the images, in 0–255 units. */
export interface Normaliser {
  mean: [number, number, number];
  std: [number, number, number];
}

/** (x − mean) / std per channel; @param x [batch, height, width, 4], the fourth channel being padding. */
export function standardise(x: Tensor, { mean, std }: Normaliser): Tensor {
  const { kernels } = x.graph.engine;
  const pixels = x.length / 4;
  const inverses = { inverseR: 1 / std[0], inverseG: 1 / std[1], inverseB: 1 / std[2] };
  const [y] = x.graph.add({
    operation: "standardise",
    inputs: [x],
    outputs: [{ shape: x.shape }],
    flops: 2 * x.length,
    dispatches: ([y], at) => [{
      kernel: kernels.get("standardise/forward"),
      bindings: { x: at(x), y: at(y) },
      params: { pixels, meanR: mean[0], meanG: mean[1], meanB: mean[2], ...inverses },
      threads: [pixels],
    }],
    backward: ([dy]) =>
      dy
        ? x.graph.add({
          operation: "standardise gradient",
          inputs: [dy],
          outputs: [{ shape: x.shape }],
          flops: x.length,
          dispatches: ([dx], at) => [{
            kernel: kernels.get("standardise/backward"),
            bindings: { dy: at(dy), dx: at(dx) },
            params: { pixels, ...inverses },
            threads: [pixels],
          }],
        })
        : [],
  });
  return y;
}
