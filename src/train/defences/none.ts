/** Plain training, the paper's base model: L(Θ, x, y). */
import { crossEntropy } from "../../ops/cross_entropy.ts";
import { mean } from "../../ops/mean.ts";
import type { Objective } from "../objective.ts";

export function none(): Objective {
  return ({ model, x, y }) => mean(crossEntropy(model(x), y));
}
