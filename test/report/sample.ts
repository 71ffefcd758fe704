/** Made-up report data of the size and shape the demo produces. */
import type { Picture } from "../../src/data/picture.ts";
import { Random } from "../../src/random.ts";
import type { ReportData } from "../../src/report/report.ts";
import type { ResilienceRow } from "../../src/report/resilience.ts";

/** A coloured disc on a cluttered ground, different for every seed. */
export function disc(seed: number, side = 32): Picture {
  const random = new Random(seed, "disc");
  const [cx, cy, radius] = [
    0.35 + 0.3 * random.uniform(),
    0.35 + 0.3 * random.uniform(),
    0.2 + 0.15 * random.uniform(),
  ];
  const colours = Array.from({ length: 6 }, () => 40 + random.integer(200));
  const data = new Uint8Array(side * side * 3);
  for (let i = 0; i < side * side; i++) {
    const [x, y] = [(i % side) / side, Math.floor(i / side) / side];
    const inside = Math.hypot(x - cx, y - cy) < radius;
    const ripple = 25 * Math.sin(9 * x + seed) * Math.cos(7 * y);
    for (let c = 0; c < 3; c++) data[3 * i + c] = Math.max(0, Math.min(255, colours[inside ? c : c + 3] + ripple));
  }
  return { width: side, height: side, data };
}

function combine(a: Picture, b: Picture, rule: (a: number, b: number) => number): Picture {
  return { ...a, data: a.data.map((value, index) => Math.max(0, Math.min(255, rule(value, b.data[index])))) };
}

function attacked(original: Picture, seed: number, epsilon: number): Picture {
  const random = new Random(seed, "noise");
  return combine(original, original, (value) => value + epsilon * (random.integer(2) * 2 - 1));
}

const LABELS = ["anchor", "bell", "cup", "drum", "envelope", "fish", "glove", "hammer", "ivy", "key"];

function row(group: string, name: string, accuracies: number[]): ResilienceRow {
  const of = (count: number, fraction: number) => ({ correct: Math.round(count * fraction), count });
  return {
    group,
    name,
    train: of(4000, accuracies[0]),
    validation: of(1000, accuracies[1]),
    cells: [503, 412, 377].map((count, index) => ({
      true: of(count, accuracies[2 + 2 * index]),
      adversarial: of(count, accuracies[3 + 2 * index]),
    })),
  };
}

function curve(name: string, seed: number, top: number) {
  const random = new Random(seed, "curve");
  const points = Array.from({ length: 20 }, (_, index) => ({
    epoch: index + 1,
    accuracy: top * (1 - Math.exp(-(index + 1) / 5)) + 0.02 * random.normal(),
  }));
  return { name, points: points.map((point) => ({ ...point, accuracy: Math.max(0, Math.min(1, point.accuracy)) })) };
}

/** A full report's data: three sets, four networks, nine curves. */
export function sample(): ReportData {
  const set = (name: string, members: number, adversarial: number) => ({
    name,
    members,
    epsilon: 16,
    filter: "correct-then-wrong" as const,
    candidates: 1000,
    correct: 640 - 30 * members,
    adversarial,
  });
  return {
    title: "How resilient are these networks?",
    command: "deno task demo --out runs/demo",
    created: "2026-11-01 14:05 UTC",
    adapter: "llvmpipe (LLVM 15.0.6, 256 bits), Vulkan",
    examples: [0, 1, 2, 3].map((index) => ({
      original: disc(index),
      adversary: attacked(disc(index), index, 16),
      label: LABELS[index],
      epsilon: 16,
      model: "base network 6 (not in the ensemble)",
      before: { label: LABELS[index], confidence: 0.9999 - 0.04 * index },
      after: { label: LABELS[index === 3 ? 3 : index + 4], confidence: 0.838 - 0.1 * index },
    })),
    mixes: [0, 1].map((index) => {
      const [alpha, original, partner] = [0.3 + 0.1 * index, disc(20 + index), disc(30 + index)];
      const mixed = combine(original, partner, (a, b) => (1 - alpha) * a + alpha * b);
      return { original, partner, mixed, alpha, label: LABELS[index], partnerLabel: LABELS[index + 6] };
    }),
    crops: LABELS.map((label, index) => ({ picture: disc(40 + index), label })),
    curves: [
      ...[1, 2, 3, 4, 5, 6].map((seed) => curve("Base model", seed, 0.72)),
      curve("Mixup (method 1), α = 0.4", 7, 0.66),
      curve("Mixup-KL (method 2), α = 0.4, λ = 10", 8, 0.7),
      curve("Mixup-KL (method 3), α ~ B(2, 4), λ = 10", 9, 0.74),
    ],
    pace: null,
    table2: {
      sets: [set("One model", 1, 503), set("Three models", 3, 412), set("Five models", 5, 377)],
      rows: [
        row("Base model", "sixth network", [0.912, 0.734, 0.899, 0.238, 0.953, 0.041, 0.967, 0]),
        row("Mixup (method 1)", "α = 0.4", [0.88, 0.72, 0.87, 0.5, 0.92, 0.42, 0.94, 0.37]),
        row("Mixup-KL (methods 2 and 3)", "α = 0.4, λ = 10", [0.87, 0.714, 0.86, 0.7, 0.9, 0.66, 0.92, 0.62]),
        row("Mixup-KL (methods 2 and 3)", "α ~ B(2, 4), λ = 10", [0.906, 0.743, 0.888, 0.719, 0.935, 0.64, 0.951, 0.7]),
      ],
    },
    table3: null,
    transfer: null,
    classes: null,
    surfaces: null,
    rays: null,
    commands: {
      examples: ["deno task attack --data pack --models base-1 --out set"],
      mixes: [],
      crops: ["deno task prepare --layout drawn --out pack"],
      pace: [],
      curves: [],
      table2: [],
      table3: [],
      transfer: [],
      classes: [],
      surfaces: [],
      rays: [],
    },
    timings: [["Prepare the data", 9.41], ["Train nine networks", 402.5], ["Attack", 61.2], ["Assess", 8.03]],
    settings: [
      { group: "Data", entries: [["layout", "drawn"], ["size", "32 × 32 pixels"], ["classes", "10"], ["seed", "1"]] },
      {
        group: "Networks",
        entries: [["architecture", "vgg13"], ["width", "0.25"], ["epochs", "20"], ["batch", "128"], ["rate", "0.1"]],
      },
      {
        group: "Attack",
        entries: [["ε", "16/255"], ["step λ", "1/255"], ["steps I", "20"], ["filter", "correct-then-wrong"]],
      },
    ],
  };
}
