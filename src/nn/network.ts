/** A network: an architecture, its parameters and its normaliser. */
import { z } from "zod";
import { UserError } from "../errors.ts";
import { scaleGradient } from "../ops/scale.ts";
import { type Normaliser, standardise } from "../ops/standardise.ts";
import type { Engine, Graph, Tensor } from "../tensor/graph.ts";
import type { Layer } from "./layers.ts";
import { Parameters } from "./parameters.ts";
import { resnet32, resnet50 } from "./resnet.ts";
import { vgg13 } from "./vgg.ts";

const channels = z.tuple([z.number(), z.number(), z.number()]);

/** All it takes to build a network again, as kept in `run.json`. */
export const architectureSchema = z.object({
  arch: z.enum(["vgg13", "resnet32", "resnet50"]),
  size: z.number().int().min(32),
  width: z.number().positive(),
  classes: z.array(z.string()).min(2),
  normaliser: z.object({ mean: channels, std: channels }),
});
export type Architecture = z.infer<typeof architectureSchema>;

export const architectures: readonly Architecture["arch"][] = architectureSchema.shape.arch.options;

/** A network inside one graph: images [batch, size, size, 4] with values 0 to 255 go in, logits come out. */
export type Model = (images: Tensor, options?: { updateStatistics?: boolean }) => Tensor;

/**
 * What activations and their gradients are in memory. Weights, statistics, logits and losses are f32 always, and all is
 * computed in f32; only subgroup matrices (kernels/conv2d) take weights rounded to f16.
 */
export const precisions = ["f32", "f16"] as const;
export type Precision = typeof precisions[number];

/**
 * Gradients of activations are small numbers, and below 6e-5 an f16 loses digits: so inside a network they are this many
 * times too large (Micikevicius et al., "Mixed Precision Training", ICLR 2018, section 3.2).
 */
const gradientScales: Record<Precision, number> = { f32: 1, f16: 1024 };

/** A network in one graph. */
export interface Traced {
  model: Model;
  /** Its trained parameters, to differentiate by. */
  weights: Map<string, Tensor>;
  /** How many times too large the gradients of the weights are; those of the images are as they should be. */
  gradientScale: number;
}

const builders = { vgg13, resnet32, resnet50 };

export class Network {
  readonly parameters: Parameters;
  readonly #layers: Layer;

  constructor(readonly engine: Engine, readonly architecture: Architecture) {
    const { arch, width, size, classes } = architecture;
    this.#layers = builders[arch]({ width, size, classes: classes.length });
    this.parameters = new Parameters(engine.gpu, this.#layers.parameters);
  }

  /** The network as a function to trace. @throws UserError where the adapter cannot store activations so */
  on(graph: Graph, mode: "training" | "inference", precision: Precision = "f32"): Traced {
    const parameter = this.parameters.bind(graph);
    const trained = this.parameters.specs.filter(({ kind }) => kind === "weight");
    const normaliser: Normaliser = this.architecture.normaliser;
    const gradientScale = gradientScales[precision];
    const { gpu } = this.engine;
    if (precision === "f16" && !gpu.halves) throw new UserError(`--precision f16: ${gpu.name} has no shader-f16.`);
    return {
      model: (images, { updateStatistics = mode === "training" } = {}) => {
        const x = standardise(images, normaliser, { dtype: precision, gradientScale });
        const logits = this.#layers.apply(x, { mode, updateStatistics, parameter });
        return gradientScale === 1 ? logits : scaleGradient(logits, gradientScale);
      },
      weights: new Map(trained.map(({ name }) => [name, parameter(name)])),
      gradientScale,
    };
  }

  free(): void {
    this.parameters.free();
  }
}
