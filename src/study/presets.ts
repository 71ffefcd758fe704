/** The studies that come with the program. Source: Seiler et al., sections V and VI, and Tables I to III. */
import type { Alpha } from "../train/settings.ts";
import type { Study } from "./settings.ts";

const fixed = { fixed: 0.4 };
const beta = (q: number): Alpha => ({ beta: [2, q] });
const kl = (alpha: Alpha, klGradient: "both" | "mixed" | "clean" = "both") =>
  ({ name: "mixup-kl", alpha, lambda: 10, klGradient }) as const;
const pgd = (steps: number) => ({ name: "pgd", epsilon: 8, step: 2, steps }) as const;
const vat = (epsilon: number) => ({ name: "vat", epsilon, xi: 0.1, steps: 3, lambda: 1 }) as const;

/** Every defence of the paper, and the two other readings of where the divergence's gradient flows. */
const defences = {
  "pgd-3": pgd(3),
  "pgd-7": pgd(7),
  "vat-5": vat(5),
  "vat-10": vat(10),
  "vat-15": vat(15),
  "vat-20": vat(20),
  "vat-25": vat(25),
  "mixup": { name: "mixup", alpha: fixed },
  "mixup-kl-fixed": kl(fixed),
  "mixup-kl-b24": kl(beta(4)),
  "mixup-kl-b26": kl(beta(6)),
  "mixup-kl-b210": kl(beta(10)),
  "mixup-kl-b24-mixed": kl(beta(4), "mixed"),
  "mixup-kl-b24-clean": kl(beta(4), "clean"),
} satisfies Study["defences"];

/** Section V as written: 128 × 128 pixels, 100 classes, six unprotected networks of each architecture. */
const paper: Study = {
  drawn: null,
  training: { epochs: 60, batch: 128, learningRate: 0.1 },
  defences,
  architectures: [
    { arch: "vgg13", width: 1, defences: Object.keys(defences) },
    { arch: "resnet32", width: 1, defences: ["mixup-kl-b24"] },
    { arch: "resnet50", width: 1, defences: ["mixup-kl-b24"] },
  ],
  ensembles: [1, 3, 5],
  combined: 3,
  victims: 1,
  epsilons: [4, 8, 16],
  seed: 1,
  surfaces: ["base", "vat-15", "pgd-7", "mixup", "mixup-kl-fixed", "mixup-kl-b24"],
  rays: ["base", "vat-15", "pgd-7", "mixup-kl-b24"],
  pace: ["base", "mixup-kl-fixed", "mixup-kl-b24", "vat-15", "pgd-7", "pgd-3"],
  thresholds: [0.5, 0.6, 0.7],
};

/** The same on small images, for one machine overnight; more than one network of a kind shows how far seeds matter. */
const small: Study = {
  ...paper,
  training: { epochs: 10, batch: 64, learningRate: 0.05 },
  architectures: [
    { arch: "vgg13", width: 0.25, defences: Object.keys(defences) },
    { arch: "resnet32", width: 0.5, defences: ["mixup-kl-b24"] },
    { arch: "resnet50", width: 0.25, defences: ["mixup-kl-b24"] },
  ],
};

/** All that the paper has, on drawn images and with the smallest networks that learn them. */
const tiny: Study = {
  ...paper,
  drawn: { size: 32, classes: 6, perClass: 150 },
  training: { epochs: 8, batch: 32, learningRate: 0.02 },
  architectures: [
    { arch: "vgg13", width: 0.125, defences: ["pgd-3", "vat-15", "mixup", "mixup-kl-fixed", "mixup-kl-b24"] },
    { arch: "resnet32", width: 0.25, defences: ["mixup-kl-b24"] },
    { arch: "resnet50", width: 0.125, defences: ["mixup-kl-b24"] },
  ],
  surfaces: ["base", "vat-15", "pgd-3", "mixup", "mixup-kl-fixed", "mixup-kl-b24"],
  rays: ["base", "vat-15", "pgd-3", "mixup-kl-b24"],
  pace: ["base", "mixup-kl-fixed", "mixup-kl-b24", "vat-15", "pgd-3"],
};

/** The main job in a few minutes: Table II without the defences that are slow to train. */
const demo: Study = {
  ...tiny,
  drawn: { size: 32, classes: 10, perClass: 250 },
  architectures: [{ arch: "vgg13", width: 0.125, defences: ["mixup", "mixup-kl-fixed", "mixup-kl-b24"] }],
  combined: 0,
  epsilons: [16],
  surfaces: [],
  rays: [],
  pace: [],
};

const quick: Study = {
  ...demo,
  drawn: { size: 32, classes: 10, perClass: 100 },
  training: { ...demo.training, epochs: 4 },
};

export const presets = { tiny, small, paper, demo, quick } satisfies Record<string, Study>;
