/** Batches out of a data set whose bytes stay on the device. */
import type { BufferView } from "../gpu/kernel.ts";
import type { Graph, Tensor } from "../tensor/graph.ts";

/** Images as bytes on the device, RGB interleaved, in as many buffers as the adapter's limits make necessary. */
export interface ImageBytes {
  size: number;
  chunks: readonly { view: BufferView; first: number; images: number }[];
}

/**
 * The images at `indices`, flipped and shifted.
 *
 * @param indices [batch], u32
 * @param jitter [batch, 4], i32: flip (0 or 1), rows down, columns right, unused
 * @returns [batch, size, size, 4], values 0 to 255, the fourth channel zero
 */
export function gatherBatch(graph: Graph, { size, chunks }: ImageBytes, indices: Tensor, jitter: Tensor): Tensor {
  const batch = indices.length;
  const [y] = graph.add({
    operation: "gather batch",
    inputs: [indices, jitter],
    outputs: [{ shape: [batch, size, size, 4] }],
    dispatches: ([y], at) =>
      chunks.map(({ view, first, images }) => ({
        kernel: graph.engine.kernels.get("gather_batch/forward"),
        bindings: { bytes: view, indices: at(indices), jitter: at(jitter), y: at(y) },
        params: { batch, size, first, images, words: view.length },
        threads: [batch * size * size],
      })),
  });
  return y;
}
