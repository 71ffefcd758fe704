/** What a network makes of the surroundings of images: its loss at any distance along signs of gradients (Figs. 5 and 6). */
import type { DeviceImages } from "../nn/images.ts";
import type { Network } from "../nn/network.ts";
import { argmax } from "../nn/predict.ts";
import { assign } from "../ops/assign.ts";
import { clipPixels } from "../ops/clip_pixels.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { gatherBatch } from "../ops/gather_batch.ts";
import { signOffset } from "../ops/sign_offset.ts";
import { gradient } from "../tensor/gradient.ts";
import { type Engine, Graph, type Tensor } from "../tensor/graph.ts";
import { compile, type Plan } from "../tensor/plan.ts";

/** One network's view of a batch of images that have been moved. */
export interface View {
  /** Cross-entropy with the image's own class, nats. */
  losses: Float32Array;
  /** The class with the largest logit. */
  predicted: Int32Array;
}

/**
 * A compiled look, in inference mode, at x + ε₁ · sign(∇ₓL₁) + ε₂ · sign(∇ₓL₂) + … for a batch of images x. The signs are
 * those at x itself: computed once by `settle`, whatever the εₖ that `look` is then given. Nothing is rounded to bytes.
 */
export class Surroundings {
  private constructor(
    private readonly settling: Plan,
    private readonly looking: Plan,
    private readonly inputs: { indices: Tensor; labels: Tensor; seen: Tensor; amounts: readonly Tensor[] },
    private readonly outputs: { losses: Tensor; logits: Tensor },
    private readonly buffers: readonly GPUBuffer[],
  ) {}

  /**
   * @param network whose losses are looked at
   * @param guides the networks whose gradients give the directions, in order
   * @param clip whether what is looked at is clipped to [0, 255], as a picture would be
   */
  static async compile(
    engine: Engine,
    network: Network,
    guides: readonly Network[],
    images: DeviceImages,
    { batch = 64, clip }: { batch?: number; clip: boolean },
  ): Promise<Surroundings> {
    const shape = [batch, images.size, images.size, 4];
    const length = shape.reduce((product, size) => product * size, 1);
    const buffers = ["x", ...guides.map((_, k) => `direction ${k + 1}`)].map((label) =>
      engine.gpu.allocate(label, length * 4)
    );
    const statesOf = (graph: Graph) =>
      buffers.map((buffer) => graph.placed(buffer.label, shape, { buffer, dtype: "f32", offset: 0, length }));

    const settling = new Graph(engine);
    const [indices, labels] = ["indices", "labels"].map((name) => settling.input(name, [batch], "u32"));
    const x = gatherBatch(settling, images, indices, settling.input("jitter", [batch, 4], "i32"));
    const [origin, ...ascents] = statesOf(settling);
    assign(origin, x);
    guides.forEach((guide, k) => {
      const { model } = guide.on(settling, "inference");
      assign(ascents[k], gradient(crossEntropy(model(x), labels), [x])[0]);
    });

    const looking = new Graph(engine);
    const seen = looking.input("labels", [batch], "u32");
    const amounts = guides.map((_, k) => looking.input(`amount ${k + 1}`, [batch]));
    const [start, ...directions] = statesOf(looking);
    const moved = directions.reduce((place, direction, k) => signOffset(place, direction, amounts[k]), start);
    const logits = network.on(looking, "inference").model(clip ? clipPixels(moved) : moved);
    const losses = crossEntropy(logits, seen);

    const plans = [await compile(settling, []), await compile(looking, [losses, logits])] as const;
    return new Surroundings(...plans, { indices, labels, seen, amounts }, { losses, logits }, buffers);
  }

  get batch(): number {
    return this.inputs.indices.length;
  }

  /** Goes to the images at `indices`, [batch], and finds the directions there; `labels` are those of all images. */
  settle(indices: Uint32Array, labels: ArrayLike<number>): void {
    const own = indices.map((index) => labels[index]);
    this.settling.write(this.inputs.indices, indices);
    this.settling.write(this.inputs.labels, own);
    this.looking.write(this.inputs.seen, own);
    this.settling.run();
  }

  /** Looks at every image moved by amounts of its own: for each direction εₖ, [batch], in 0–255 units. */
  async look(amounts: readonly Float32Array[]): Promise<View> {
    this.inputs.amounts.forEach((input, k) => this.looking.write(input, amounts[k]));
    this.looking.run();
    const [losses, logits] = [
      await this.looking.read(this.outputs.losses),
      await this.looking.read(this.outputs.logits),
    ];
    return { losses, predicted: argmax(logits, logits.length / losses.length) };
  }

  free(): void {
    const { gpu } = this.settling;
    this.settling.free();
    this.looking.free();
    for (const buffer of this.buffers) gpu.free(buffer);
  }
}
