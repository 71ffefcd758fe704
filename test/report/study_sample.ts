/** Made-up results of the size and shape a whole study produces. */
import type { PerClass } from "../../src/assess/assess.ts";
import { Random } from "../../src/random.ts";
import type { ClassResults } from "../../src/report/classes.ts";
import type { Resilience, ResilienceRow } from "../../src/report/resilience.ts";
import type { PaceTable } from "../../src/report/table1.ts";
import type { Transfer, TransferSet } from "../../src/report/transfer.ts";

const OURS = "Mixup-KL, α ~ B(2, 4), λ = 10";
const of = (count: number, fraction: number) => ({
  correct: Math.round(count * Math.min(1, Math.max(0, fraction))),
  count,
});

/** Six kinds of training; one misses a threshold, two miss two. */
export function pace(): PaceTable {
  const row = (
    title: string,
    [forward, backward]: [number, number],
    secondsPerEpoch: number,
    best: number,
    epochsUntil: (number | null)[],
  ) => ({ title, forward, backward, secondsPerEpoch, imagesPerSecond: 5600 / secondsPerEpoch, best, epochsUntil });
  return {
    thresholds: [0.5, 0.6, 0.7],
    rows: [
      row("Base", [1, 1], 70.4, 0.734, [4, 9, 17]),
      row("α = 0.4", [2, 2], 141.8, 0.681, [5, 12, null]),
      row("α ~ B(2, 4)", [2, 2], 141.2, 0.743, [4, 8, 15]),
      row("VAT (ε = 15)", [5, 5], 352.9, 0.746, [5, 11, 20]),
      row("PGD (I = 7)", [8, 8], 561.3, 0.483, [null, null, null]),
      row("PGD (I = 3)", [4, 4], 281.1, 0.612, [14, 22, null]),
    ],
  };
}

/** Table III with three seeds of the unprotected VGGNet13 and one network of every other kind. */
export function architectures(): Resilience {
  const sizes = [377, 402, 351, 266];
  const row = (group: string, name: string, [train, validation, ...accuracies]: number[]): ResilienceRow => ({
    group,
    name,
    train: of(4000, train),
    validation: of(1000, validation),
    cells: sizes.map((count, index) => ({
      true: of(count, accuracies[2 * index]),
      adversarial: of(count, accuracies[2 * index + 1]),
    })),
  });
  const vgg = (shift: number) =>
    row(
      "Base model",
      "VGGNet13",
      [0.912, 0.734, 0.967, 0.021, 0.962, 0.283, 0.969, 0.502, 0.984, 0.012].map((a) => a + shift),
    );
  return {
    sets: ["VGGNet13", "ResNet32", "ResNet50", "Combined"].map((name, index) => ({
      name,
      members: index === 3 ? 9 : 5,
      epsilon: 16,
      filter: "correct-then-wrong",
      candidates: 1000,
      correct: sizes[index] + 60,
      adversarial: sizes[index],
    })),
    rows: [
      vgg(0),
      row("Base model", "ResNet32", [0.894, 0.667, 0.879, 0.676, 0.955, 0.16, 0.953, 0.44, 0.961, 0.261]),
      vgg(0.012),
      vgg(-0.011),
      row(OURS, "VGGNet13", [0.906, 0.743, 0.951, 0.537, 0.966, 0.696, 0.971, 0.815, 0.981, 0.324]),
      row(OURS, "ResNet32", [0.831, 0.598, 0.803, 0.678, 0.885, 0.385, 0.895, 0.569, 0.902, 0.451]),
    ],
  };
}

/** Thirty sets, three architectures, three seeds of most kinds; some sets hold nothing, some victims were members. */
export function transfer(): Transfer {
  const random = new Random(1, "transfer sample");
  const names = ["VGGNet13", "ResNet32", "ResNet50"];
  const sets: TransferSet[] = [4, 8, 16].flatMap((epsilon) =>
    [...names.flatMap((architecture) => [1, 3, 5].map((members) => ({ architecture, members }))), {
      architecture: "Combined",
      members: 9,
    }].map(({ architecture, members }) => {
      const correct = 640 - 30 * members;
      const adversarial = epsilon === 4 && members === 9
        ? 0
        : Math.round(correct * (0.75 + epsilon / 80 - members / 60));
      return { architecture, members, epsilon, filter: "correct-then-wrong", candidates: 1000, correct, adversarial };
    })
  );
  const strength: Record<string, number> = {
    "Base model": 0.1,
    "Mixup, α = 0.4": 0.4,
    [OURS]: 0.6,
    "PGD, I = 7": 0.93,
    "VAT, ε = 15": 0.85,
  };
  const kinds = [
    ...Object.keys(strength).map((kind) => ({ kind, architecture: "VGGNet13" })),
    ...["ResNet32", "ResNet50"].flatMap((architecture) => ["Base model", OURS].map((kind) => ({ kind, architecture }))),
  ];
  const victims = kinds.flatMap(({ kind, architecture }) =>
    [1, 2, 3].map((seed) => ({
      kind,
      architecture,
      cells: sets.map((set) => {
        if (seed === 1 && kind === "Base model" && set.architecture === architecture) return null;
        const stranger = set.architecture === architecture || set.architecture === "Combined" ? 0 : 0.25;
        const fall = (1 - strength[kind]) * Math.sqrt(set.epsilon * set.members / 80);
        const fraction = 0.97 - Math.max(0, fall - stranger) + 0.02 * random.normal();
        return { true: of(set.adversarial, 0.97), adversarial: of(set.adversarial, fraction) };
      }),
    }))
  );
  return { sets, victims };
}

/** Results on `count` classes, the last of which the set has no image of. */
export function classResults(count: number): ClassResults {
  const random = new Random(2, "class sample");
  const images = Array.from({ length: count }, (_, index) => index === count - 1 ? 0 : 4 + random.integer(20));
  const network = (strength: number): PerClass => ({
    count: images,
    true: images.map((n) => of(n, 0.9 + 0.1 * random.uniform()).correct),
    adversarial: images.map((n) => of(n, strength + 0.25 * random.normal()).correct),
  });
  return {
    set: "five VGGNet13 networks, ε = 16/255",
    classes: images.map((_, index) => `class ${String(index + 1).padStart(3, "0")}`),
    kinds: [
      { title: "Base model", networks: [network(0.2), network(0.2)] },
      { title: OURS, networks: [network(0.6)] },
      { title: "PGD, I = 7", networks: [network(0.85)] },
      { title: "VAT, ε = 15", networks: [network(0.85)] },
    ],
  };
}
