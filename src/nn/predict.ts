/** Inference over a whole set of images. */
import { gradient } from "../tensor/gradient.ts";
import { Graph, type Tensor } from "../tensor/graph.ts";
import { compile, type Plan } from "../tensor/plan.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { gatherBatch } from "../ops/gather_batch.ts";
import type { DeviceImages } from "./images.ts";
import type { Network } from "./network.ts";

/** A compiled pass of one network, in inference mode, over one set of images; it follows changes of the weights. */
export class Predictor {
  private constructor(
    private readonly plan: Plan,
    private readonly images: DeviceImages,
    private readonly classes: number,
    private readonly indices: Tensor,
    private readonly labels: Tensor | null,
    private readonly outputs: readonly Tensor[],
  ) {}

  /** With `gradients`, labels must be given to `batches`, and each batch also yields input gradients. */
  static async compile(
    network: Network,
    images: DeviceImages,
    { batch = 128, gradients = false } = {},
  ): Promise<Predictor> {
    const graph = new Graph(network.engine);
    const size = Math.min(batch, images.count);
    const indices = graph.input("indices", [size], "u32");
    const jitter = graph.input("jitter", [size, 4], "i32");
    const x = gatherBatch(graph, images, indices, jitter);
    const logits = network.on(graph, "inference").model(x);
    const labels = gradients ? graph.input("labels", [size], "u32") : null;
    const outputs = labels ? [logits, ...gradient(crossEntropy(logits, labels), [x])] : [logits];
    const plan = await compile(graph, outputs);
    return new Predictor(plan, images, network.architecture.classes.length, indices, labels, outputs);
  }

  /** Logits of all images, [count, classes]. */
  async logits(): Promise<Float32Array<ArrayBuffer>> {
    const all = new Float32Array(this.images.count * this.classes);
    for await (const { first, values: [logits] } of this.batches()) all.set(logits, first * this.classes);
    return all;
  }

  /** The outputs batch by batch; the last batch is filled up with its last image and then cut. */
  async *batches(labels?: ArrayLike<number>): AsyncGenerator<{ first: number; count: number; values: Float32Array[] }> {
    const size = this.indices.length;
    for (let first = 0; first < this.images.count; first += size) {
      const count = Math.min(size, this.images.count - first);
      const indices = Uint32Array.from({ length: size }, (_, i) => first + Math.min(i, count - 1));
      this.plan.write(this.indices, indices);
      if (this.labels && labels) this.plan.write(this.labels, indices.map((index) => labels[index]));
      this.plan.run();
      const values: Float32Array[] = [];
      for (const output of this.outputs) {
        values.push((await this.plan.read(output)).slice(0, output.length / size * count));
      }
      yield { first, count, values };
    }
  }

  free(): void {
    this.plan.free();
  }
}

/** The class each network sees in each image, [networks][count]. */
export async function classesSeen(networks: readonly Network[], images: DeviceImages): Promise<Int32Array[]> {
  const all: Int32Array[] = [];
  for (const network of networks) {
    const predictor = await Predictor.compile(network, images);
    all.push(argmax(await predictor.logits(), network.architecture.classes.length));
    predictor.free();
  }
  return all;
}

/** Index of the largest logit of each image; the first of equals. */
export function argmax(logits: Float32Array, classes: number): Int32Array {
  const predictions = new Int32Array(logits.length / classes);
  for (let n = 0; n < predictions.length; n++) {
    let best = 0;
    for (let k = 1; k < classes; k++) if (logits[n * classes + k] > logits[n * classes + best]) best = k;
    predictions[n] = best;
  }
  return predictions;
}

/** Softmax of one image's logits. */
export function softmax(logits: Float32Array): Float64Array {
  const largest = Math.max(...logits);
  const powers = Float64Array.from(logits, (z) => Math.exp(z - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** How many predictions equal their labels. */
export function countCorrect(predictions: ArrayLike<number>, labels: ArrayLike<number>): number {
  let correct = 0;
  for (let n = 0; n < predictions.length; n++) if (predictions[n] === labels[n]) correct++;
  return correct;
}
