/** Soft minimum. */
import type { Tensor } from "../tensor/graph.ts";

/**
 * −ln(e⁻ˣ + e⁻ʸ), element by element. Of two cross-entropies it is the cross-entropy of the summed probabilities, without a
 * probability that could vanish.
 */
export function softMinimum(x: Tensor, y: Tensor): Tensor {
  if (x.length !== y.length) throw new Error(`softMinimum: [${x.shape}] and [${y.shape}] differ in size`);
  const { kernels } = x.graph.engine;
  const { length } = x;
  const [z] = x.graph.add({
    operation: "soft minimum",
    inputs: [x, y],
    outputs: [{ shape: x.shape }],
    flops: 6 * length,
    dispatches: ([z], at) => [{
      kernel: kernels.get("soft_minimum/forward"),
      bindings: { x: at(x), y: at(y), z: at(z) },
      params: { length },
      threads: [length],
    }],
    backward: ([dz]) =>
      dz
        ? x.graph.add({
          operation: "soft minimum gradient",
          inputs: [x, y, dz],
          outputs: [{ shape: x.shape }, { shape: y.shape }],
          flops: 8 * length,
          dispatches: ([dx, dy], at) => [{
            kernel: kernels.get("soft_minimum/backward"),
            bindings: { x: at(x), y: at(y), dz: at(dz), dx: at(dx), dy: at(dy) },
            params: { length },
            threads: [length],
          }],
        })
        : [],
  });
  return z;
}
