/** The normaliser, part of every network: images come in as 0 to 255. */
import type { DType } from "../gpu/dtype.ts";
import type { Tensor } from "../tensor/graph.ts";

/** Per-channel mean and standard deviation of the images, in 0–255 units. */
export interface Normaliser {
  mean: [number, number, number];
  std: [number, number, number];
}

export interface StandardiseOptions {
  /** Type of the result in memory, and of the gradients that come back to it. */
  dtype?: DType;
  /** How many times too large those gradients are. */
  gradientScale?: number;
}

/** (x − mean) / std per channel; @param x [batch, height, width, 4], the fourth channel being padding. */
export function standardise(
  x: Tensor,
  { mean, std }: Normaliser,
  { dtype = "f32", gradientScale = 1 }: StandardiseOptions = {},
): Tensor {
  const { kernels } = x.graph.engine;
  const pixels = x.length / 4;
  const inverses = (scale: number) => {
    return { inverseR: 1 / (scale * std[0]), inverseG: 1 / (scale * std[1]), inverseB: 1 / (scale * std[2]) };
  };
  const [y] = x.graph.add({
    operation: "standardise",
    inputs: [x],
    outputs: [{ shape: x.shape, dtype }],
    flops: 2 * x.length,
    dispatches: ([y], at) => [{
      kernel: kernels.get("standardise/forward", dtype),
      bindings: { x: at(x), y: at(y) },
      params: { pixels, meanR: mean[0], meanG: mean[1], meanB: mean[2], ...inverses(1) },
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
            kernel: kernels.get("standardise/backward", dtype),
            bindings: { dy: at(dy), dx: at(dx) },
            params: { pixels, ...inverses(gradientScale) },
            threads: [pixels],
          }],
        })
        : [],
  });
  return y;
}
