/** A network: an architecture, its parameters and its normaliser. */
import { z } from "zod";
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

const builders = { vgg13, resnet32, resnet50 };

export class Network {
  readonly parameters: Parameters;
  readonly #layers: Layer;

  constructor(readonly engine: Engine, readonly architecture: Architecture) {
    const { arch, width, size, classes } = architecture;
    this.#layers = builders[arch]({ width, size, classes: classes.length });
    this.parameters = new Parameters(engine.gpu, this.#layers.parameters);
  }

  /** The network as a function to trace, and its trained parameters as tensors to differentiate by. */
  on(graph: Graph, mode: "training" | "inference"): { model: Model; weights: Map<string, Tensor> } {
    const parameter = this.parameters.bind(graph);
    const trained = this.parameters.specs.filter(({ kind }) => kind === "weight");
    const normaliser: Normaliser = this.architecture.normaliser;
    return {
      model: (images, { updateStatistics = mode === "training" } = {}) =>
        this.#layers.apply(standardise(images, normaliser), { mode, updateStatistics, parameter }),
      weights: new Map(trained.map(({ name }) => [name, parameter(name)])),
    };
  }

  free(): void {
    this.parameters.free();
  }
}
