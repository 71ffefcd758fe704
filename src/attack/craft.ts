/** Crafting adversaries: the iteration of eq. 3 of Seiler et al. over batches of images. */
import type { DeviceImages } from "../nn/images.ts";
import type { Model, Network } from "../nn/network.ts";
import { assign } from "../ops/assign.ts";
import { gatherBatch } from "../ops/gather_batch.ts";
import { signStep } from "../ops/sign_step.ts";
import { type Engine, Graph, Tensor } from "../tensor/graph.ts";
import { compile, type Plan } from "../tensor/plan.ts";
import { ensembleDirection } from "./direction.ts";

export interface AttackSettings {
  /** ε, the largest change of any value, in 0–255 units. */
  epsilon: number;
  /** λ, the change of one iteration, likewise. */
  step: number;
  /** I, the number of iterations. */
  steps: number;
}

/** I = min(ε + 4, 1.25 · ε), rounded up (Kurakin et al., ICLR 2017). */
export function automaticSteps(epsilon: number): number {
  return Math.ceil(Math.min(epsilon + 4, 1.25 * epsilon));
}

/** A compiled attack of an ensemble on batches of one size. */
export class Attack {
  private constructor(
    private readonly begin: Plan,
    private readonly iterate: Plan,
    private readonly inputs: { indices: Tensor; labels: Tensor },
    private readonly original: Tensor,
    private readonly current: Tensor,
    private readonly settings: AttackSettings,
  ) {}

  static async compile(
    engine: Engine,
    networks: readonly Network[],
    images: DeviceImages,
    batch: number,
    settings: AttackSettings,
  ): Promise<Attack> {
    const shape = [batch, images.size, images.size, 4];
    const length = shape.reduce((product, size) => product * size, 1);
    const places = ["original", "adversary"].map((label) => engine.gpu.allocate(label, length * 4));
    const states = (graph: Graph) =>
      places.map((buffer) => graph.placed(buffer.label, shape, { buffer, dtype: "f32", offset: 0, length }));

    const beginning = new Graph(engine);
    const indices = beginning.input("indices", [batch], "u32");
    const x0 = gatherBatch(beginning, images, indices, beginning.input("jitter", [batch, 4], "i32"));
    for (const state of states(beginning)) assign(state, x0);

    const iteration = new Graph(engine);
    const labels = iteration.input("labels", [batch], "u32");
    const [original, current] = states(iteration);
    const models: Model[] = networks.map((network) => network.on(iteration, "inference").model);
    const direction = ensembleDirection(models, current, labels);
    assign(current, signStep(current, direction, original, settings));

    return new Attack(
      await compile(beginning, []),
      await compile(iteration, []),
      { indices, labels },
      original,
      current,
      settings,
    );
  }

  /**
   * Attacks the images at `indices` and rounds the result to bytes, staying within ε of the original.
   * @returns bytes [indices.length, size, size, 3], RGB interleaved
   */
  async run(indices: Uint32Array, labels: ArrayLike<number>): Promise<Uint8Array> {
    const batch = this.inputs.indices.length;
    const filled = Uint32Array.from({ length: batch }, (_, i) => indices[Math.min(i, indices.length - 1)]);
    this.begin.write(this.inputs.indices, filled);
    this.iterate.write(this.inputs.labels, filled.map((index) => labels[index]));
    this.begin.run();
    for (let i = 0; i < this.settings.steps; i++) this.iterate.run();
    const [x0, x] = [await this.iterate.read(this.original), await this.iterate.read(this.current)];
    return toBytes(x0, x, this.settings.epsilon).subarray(0, indices.length * (x.length / batch / 4 * 3));
  }

  free(): void {
    this.begin.free();
    this.iterate.free();
    for (const { place } of [this.original, this.current]) if (place) this.begin.gpu.free(place.buffer);
  }
}

/** Nearest whole values inside [x₀ − ε, x₀ + ε]; the padding channel is dropped. */
function toBytes(x0: Float32Array, x: Float32Array, epsilon: number): Uint8Array {
  const bytes = new Uint8Array(x.length / 4 * 3);
  for (let pixel = 0; pixel < x.length / 4; pixel++) {
    for (let c = 0; c < 3; c++) {
      const centre = x0[4 * pixel + c];
      const nearest = Math.round(x[4 * pixel + c]);
      bytes[3 * pixel + c] = Math.min(Math.max(nearest, Math.ceil(centre - epsilon)), Math.floor(centre + epsilon));
    }
  }
  return bytes;
}

/** Attacks any number of images, batch by batch. */
export async function craft(
  engine: Engine,
  networks: readonly Network[],
  images: DeviceImages,
  { indices, labels }: { indices: Uint32Array; labels: ArrayLike<number> },
  settings: AttackSettings,
  { batch = 64, onProgress }: { batch?: number; onProgress?: (done: number) => void } = {},
): Promise<Uint8Array> {
  const size = Math.min(batch, indices.length);
  const bytes = images.size * images.size * 3;
  const all = new Uint8Array(indices.length * bytes);
  const attack = await Attack.compile(engine, networks, images, size, settings);
  for (let first = 0; first < indices.length; first += size) {
    all.set(await attack.run(indices.subarray(first, first + size), labels), first * bytes);
    onProgress?.(Math.min(first + size, indices.length));
  }
  attack.free();
  return all;
}
