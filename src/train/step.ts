/** One training step as a plan: gather, objective, gradients, optimiser. */
import { UserError } from "../errors.ts";
import { add } from "../ops/add.ts";
import { assign } from "../ops/assign.ts";
import { gatherBatch } from "../ops/gather_batch.ts";
import { sgd } from "../ops/sgd.ts";
import type { DeviceImages } from "../nn/images.ts";
import type { Network, Precision, Traced } from "../nn/network.ts";
import type { Gpu } from "../gpu/device.ts";
import { gradientSummands } from "../tensor/gradient.ts";
import { Graph, type Tensor } from "../tensor/graph.ts";
import { compile, type Plan } from "../tensor/plan.ts";
import type { StepDraws } from "./draws.ts";
import type { Objective } from "./objective.ts";
import { optimisation } from "./settings.ts";

/** What training a network remembers from one step to the next. */
export class OptimiserState {
  /** Laid out as the weights are. */
  readonly velocities: GPUBuffer;
  /** Sum of the losses since it was last set to zero, one number. */
  readonly totalLoss: GPUBuffer;
  readonly #gpu: Gpu;

  constructor({ parameters, engine: { gpu } }: Network) {
    this.velocities = gpu.allocate("velocities", parameters.length("weight") * 4);
    this.totalLoss = gpu.allocate("total loss", 4);
    this.#gpu = gpu;
  }

  free(): void {
    for (const buffer of [this.velocities, this.totalLoss]) this.#gpu.free(buffer);
  }
}

type Inputs = Record<"indices" | "jitter" | "y" | "partner" | "alpha" | "larger" | "streams" | "rate", Tensor>;

/** A compiled training step. */
export class TrainStep {
  private constructor(
    readonly plan: Plan,
    private readonly inputs: Inputs,
    /** Buffers laid out as the weights are, end to end: a summand of the gradients for each pass. */
    readonly gradients: GPUBuffer,
    /** How many times too large they are. */
    readonly gradientScale: number,
    private readonly state: OptimiserState,
  ) {}

  static async compile(
    network: Network,
    images: DeviceImages,
    batch: number,
    objective: Objective,
    state: OptimiserState,
    precision: Precision = "f32",
  ): Promise<TrainStep> {
    const graph = new Graph(network.engine);
    const inputs: Inputs = {
      indices: graph.input("indices", [batch], "u32"),
      jitter: graph.input("jitter", [batch, 4], "i32"),
      y: graph.input("labels", [batch], "u32"),
      partner: graph.input("partners", [batch], "u32"),
      alpha: graph.input("alpha", [batch]),
      larger: graph.input("labels of the larger part", [batch], "u32"),
      streams: graph.input("noise streams", [batch], "u32"),
      rate: graph.input("learning rate", [1]),
    };
    const traced = network.on(graph, "training", precision);
    const x = gatherBatch(graph, images, inputs.indices, inputs.jitter);
    const loss = objective({ model: traced.model, x, ...inputs });
    const gradients = optimise(network, graph, loss, traced, inputs.rate, state);
    const total = graph.placed("total loss", [1], { buffer: state.totalLoss, dtype: "f32", offset: 0, length: 1 });
    assign(total, add(total, loss));
    try {
      return new TrainStep(await compile(graph, [loss]), inputs, gradients, traced.gradientScale, state);
    } catch (error) {
      network.engine.gpu.free(gradients);
      throw error;
    }
  }

  /** Submits one step. @param labels of the whole training split */
  run({ indices, jitter, partner, alpha, streams }: StepDraws, labels: ArrayLike<number>, rate: number): void {
    const y = indices.map((index) => labels[index]);
    this.plan.write(this.inputs.indices, indices);
    this.plan.write(this.inputs.jitter, jitter);
    this.plan.write(this.inputs.y, y);
    this.plan.write(this.inputs.partner, partner);
    this.plan.write(this.inputs.alpha, alpha);
    this.plan.write(this.inputs.larger, y.map((label, n) => alpha[n] > 0.5 ? y[partner[n]] : label));
    this.plan.write(this.inputs.streams, streams);
    this.plan.write(this.inputs.rate, Float32Array.of(rate));
    this.plan.run();
  }

  resetLoss(): void {
    this.plan.gpu.write(this.state.totalLoss, 0, new Float32Array(1));
  }

  /**
   * Mean of the objective over the steps since the last reset, after all of them are done.
   * @throws UserError where it is no longer a number: training has diverged.
   */
  async meanLoss(steps: number): Promise<number> {
    const [total] = new Float32Array(await this.plan.gpu.read(this.state.totalLoss, 0, 4));
    if (!Number.isFinite(total)) throw new UserError("The loss is no longer a number; try a smaller --lr.");
    return total / steps;
  }

  /** Frees all but the optimiser's state. */
  free(): void {
    this.plan.free();
    this.plan.gpu.free(this.gradients);
  }
}

/**
 * Gradients go straight into their slices of one flat buffer for each pass through the network, so that the optimiser,
 * which adds the passes up, is one dispatch.
 */
function optimise(
  { parameters, engine: { gpu } }: Network,
  graph: Graph,
  loss: Tensor,
  { weights, gradientScale }: Traced,
  rate: Tensor,
  { velocities }: OptimiserState,
): GPUBuffer {
  const length = parameters.length("weight");
  const names = [...weights.keys()];
  const parts = gradientSummands(loss, [...weights.values()]);
  const passes = parts[0].length;
  if (parts.some((summands) => summands.length !== passes)) throw new Error("a pass goes through part of the network");
  const gradients = gpu.allocate("gradients", passes * length * 4);
  parts.forEach((summands, i) => {
    summands.forEach((part, pass) => part.place = parameters.slice(names[i], gradients, pass));
  });
  const flat = (label: string, copies: number, buffer: GPUBuffer) =>
    graph.placed(label, [copies, length], { buffer, dtype: "f32", offset: 0, length: copies * length });
  sgd({
    weights: graph.placed("weights", [length], parameters.whole("weight")),
    velocities: flat("velocities", 1, velocities),
    gradients: flat("gradients", passes, gradients),
    parts: parts.flat(),
    rate,
  }, { ...optimisation, gradientScale });
  return gradients;
}
