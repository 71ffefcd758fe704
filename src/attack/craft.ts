/** Crafting adversaries: the iteration that all attacks share (eq. 3 of Seiler et al.) over batches of images. */
import type { DeviceImages } from "../nn/images.ts";
import type { Model, Network } from "../nn/network.ts";
import { add } from "../ops/add.ts";
import { assign } from "../ops/assign.ts";
import { clipPixels } from "../ops/clip_pixels.ts";
import { fill } from "../ops/fill.ts";
import { gatherBatch } from "../ops/gather_batch.ts";
import { l2Step } from "../ops/l2_step.ts";
import { noise } from "../ops/noise.ts";
import { normaliseGradient } from "../ops/normalise_gradient.ts";
import { scale } from "../ops/scale.ts";
import { signStep } from "../ops/sign_step.ts";
import { type Engine, Graph, Tensor } from "../tensor/graph.ts";
import { compile, type Plan } from "../tensor/plan.ts";
import { fusedDirection, type Fusion } from "./direction.ts";
import { type Norm, toBytes } from "./round.ts";

/** What is left out is the paper's: the gradient ensemble in the L∞ ball, from the image itself, without momentum. */
export interface AttackSettings {
  /** ε, the largest change of any value (linf) or the largest length of an image's change (l2), in 0–255 units. */
  epsilon: number;
  /** λ, the change of one iteration, likewise. */
  step: number;
  /** I, the number of iterations. */
  steps: number;
  norm?: Norm;
  fusion?: Fusion;
  /** μ, how much of the last direction each one keeps: g ← μ · g + ∇L / ‖∇L‖₁ (Dong et al., CVPR 2018, eq. 6). */
  momentum?: number;
  /** Starts at a random place: uniform in the L∞ ball, or on the sphere of the L2 ball in a uniform direction. */
  randomStart?: boolean;
  /** Of the random start. */
  seed?: number;
}

/** The paper's attack, as far as its strength is not concerned. */
export const paperAttack = { norm: "linf", fusion: "gradients", momentum: 0, randomStart: false } as const;

/** I = min(ε + 4, 1.25 · ε), rounded up (Kurakin et al., ICLR 2017). */
export function automaticSteps(epsilon: number): number {
  return Math.ceil(Math.min(epsilon + 4, 1.25 * epsilon));
}

/** Where an attack begins: x₀, or a random place around it that is the image's own, whatever batch it is in. */
function startOf(x0: Tensor, indices: Tensor, { epsilon, norm, randomStart, seed }: Required<AttackSettings>): Tensor {
  if (!randomStart) return x0;
  const draw = (distribution: "uniform" | "normal") =>
    noise(x0.shape, indices, { distribution, seed, purpose: "attack start" });
  return clipPixels(add(x0, scale(norm === "linf" ? draw("uniform") : normaliseGradient(draw("normal")), epsilon)));
}

/** x after one iteration; with momentum the direction is kept in `velocity`. */
function iterate(
  models: readonly Model[],
  { x, x0, y, velocity }: Record<"x" | "x0" | "y" | "velocity", Tensor>,
  settings: Required<AttackSettings>,
): Tensor {
  let direction = fusedDirection(settings.fusion, models, x, y);
  if (settings.momentum > 0) {
    direction = add(scale(velocity, settings.momentum), normaliseGradient(direction, 1));
    assign(velocity, direction);
  }
  return settings.norm === "linf"
    ? signStep(x, direction, x0, settings)
    : l2Step(x, normaliseGradient(direction), x0, settings);
}

/** A compiled attack of an ensemble on batches of one size. */
export class Attack {
  private constructor(
    private readonly begin: Plan,
    private readonly iteration: Plan,
    private readonly inputs: { indices: Tensor; labels: Tensor },
    private readonly states: { x: Tensor; x0: Tensor; velocity: Tensor },
    private readonly settings: Required<AttackSettings>,
  ) {}

  static async compile(
    engine: Engine,
    networks: readonly Network[],
    images: DeviceImages,
    batch: number,
    given: AttackSettings,
  ): Promise<Attack> {
    const settings = { ...paperAttack, seed: 0, ...given };
    const shape = [batch, images.size, images.size, 4];
    const length = shape.reduce((product, size) => product * size, 1);
    const buffers = ["adversary", "original", "velocity"].map((label) => engine.gpu.allocate(label, length * 4));
    const statesOf = (graph: Graph) => {
      const [x, x0, velocity] = buffers.map((buffer) =>
        graph.placed(buffer.label, shape, { buffer, dtype: "f32", offset: 0, length })
      );
      return { x, x0, velocity };
    };

    const beginning = new Graph(engine);
    const indices = beginning.input("indices", [batch], "u32");
    const gathered = gatherBatch(beginning, images, indices, beginning.input("jitter", [batch, 4], "i32"));
    const first = statesOf(beginning);
    assign(first.x0, gathered);
    assign(first.x, startOf(gathered, indices, settings));
    assign(first.velocity, fill(beginning, shape, 0));

    const repeated = new Graph(engine);
    const labels = repeated.input("labels", [batch], "u32");
    const states = statesOf(repeated);
    const models = networks.map((network) => network.on(repeated, "inference").model);
    assign(states.x, iterate(models, { ...states, y: labels }, settings));

    const [begin, iteration] = [await compile(beginning, []), await compile(repeated, [])];
    return new Attack(begin, iteration, { indices, labels }, states, settings);
  }

  /**
   * Attacks the images at `indices` and rounds the result to bytes, staying within ε of the original.
   * @returns bytes [indices.length, size, size, 3], RGB interleaved
   */
  async run(indices: Uint32Array, labels: ArrayLike<number>): Promise<Uint8Array> {
    const batch = this.inputs.indices.length;
    const filled = Uint32Array.from({ length: batch }, (_, i) => indices[Math.min(i, indices.length - 1)]);
    this.begin.write(this.inputs.indices, filled);
    this.iteration.write(this.inputs.labels, filled.map((index) => labels[index]));
    this.begin.run();
    for (let i = 0; i < this.settings.steps; i++) this.iteration.run();
    const [x0, x] = [await this.iteration.read(this.states.x0), await this.iteration.read(this.states.x)];
    const bytes = toBytes(x0, x, batch, this.settings.norm, this.settings.epsilon);
    return bytes.subarray(0, bytes.length / batch * indices.length);
  }

  free(): void {
    this.begin.free();
    this.iteration.free();
    for (const { place } of Object.values(this.states)) if (place) this.begin.gpu.free(place.buffer);
  }
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
