/** What training minimises: each defence is one objective, in a file of its own under `defences/`. */
import type { Model } from "../nn/network.ts";
import type { Tensor } from "../tensor/graph.ts";
import { mixup } from "./defences/mixup.ts";
import { mixupKl } from "./defences/mixup_kl.ts";
import { none } from "./defences/none.ts";
import { pgd } from "./defences/pgd.ts";
import { vat } from "./defences/vat.ts";
import type { Alpha, DefenceSettings } from "./settings.ts";

/** What an objective may use. */
export interface Batch {
  model: Model;
  /** Images [batch, size, size, 4], values 0 to 255. */
  x: Tensor;
  /** Labels [batch]. */
  y: Tensor;
  /** Which image of the batch is laid over each, [batch], and its share. */
  partner: Tensor;
  alpha: Tensor;
  /** The label of the larger part of each mixed image, [batch]. */
  larger: Tensor;
  /** The number of each image's stream of noise, [batch]; another at every step. */
  streams: Tensor;
}

/** Traces the loss of a batch, a tensor of shape [1]. */
export type Objective = (batch: Batch) => Tensor;

/** @param seed of the noise a defence draws on the device */
export function objectiveOf(defence: DefenceSettings, seed: number): Objective {
  switch (defence.name) {
    case "none":
      return none();
    case "mixup":
      return mixup();
    case "mixup-kl":
      return mixupKl(defence);
    case "pgd":
      return pgd(defence, seed);
    case "vat":
      return vat(defence, seed);
  }
}

/** The α an objective draws; without mixing the draws are made and not used, so any will do. */
export function alphaOf(defence: DefenceSettings): Alpha {
  return "alpha" in defence ? defence.alpha : { fixed: 0.5 };
}
