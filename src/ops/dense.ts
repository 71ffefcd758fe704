/** Dense (fully connected) layer. */
import type { Tensor } from "../tensor/graph.ts";

/**
 * y = x · wᵀ + b.
 *
 * @param x [batch, channels], channels a multiple of 4
 * @param w [classes, channels]
 * @param b [classes]
 * @returns [batch, classes]
 */
export function dense(x: Tensor, w: Tensor, b: Tensor): Tensor {
  const [batch, channels] = x.shape;
  const [classes] = w.shape;
  if (w.shape[1] !== channels || b.length !== classes || channels % 4 !== 0) {
    throw new Error(`dense of [${x.shape}] with [${w.shape}] and [${b.shape}]: the shapes do not fit`);
  }
  const { kernels } = x.graph.engine;
  const params = { batch, channels, classes };
  const flops = 2 * batch * channels * classes;
  const [y] = x.graph.add({
    operation: "dense",
    inputs: [x, w, b],
    outputs: [{ shape: [batch, classes] }],
    flops,
    dispatches: ([y], at) => [{
      kernel: kernels.get("dense/forward"),
      bindings: { x: at(x), w: at(w), b: at(b), y: at(y) },
      params,
      threads: [y.length],
    }],
    backward: ([dy]) => {
      if (!dy) return [];
      const [dx] = x.graph.add({
        operation: "dense input gradient",
        inputs: [dy, w],
        outputs: [{ shape: x.shape }],
        flops,
        dispatches: ([dx], at) => [{
          kernel: kernels.get("dense/input_gradient"),
          bindings: { dy: at(dy), w: at(w), dx: at(dx) },
          params,
          threads: [dx.length / 4],
        }],
      });
      const [dw, db] = x.graph.add({
        operation: "dense weight gradient",
        inputs: [x, dy],
        outputs: [{ shape: w.shape }, { shape: b.shape }],
        flops,
        dispatches: ([dw, db], at) => [{
          kernel: kernels.get("dense/weight_gradient"),
          bindings: { x: at(x), dy: at(dy), dw: at(dw), db: at(db) },
          params,
          threads: [dw.length / 4],
        }],
      });
      return [dx, dw, db];
    },
  });
  return y;
}
