/** From the demo's folders to the plain data its report shows. */
import type { Pack } from "../data/pack.ts";
import type { Picture } from "../data/picture.ts";
import { type AdversarialSet, openSet } from "../attack/adversarial_set.ts";
import { DeviceImages, readerOf } from "../nn/images.ts";
import { Predictor, softmax } from "../nn/predict.ts";
import { openRun } from "../nn/run.ts";
import { gatherBatch } from "../ops/gather_batch.ts";
import { mix } from "../ops/mix.ts";
import { Random } from "../random.ts";
import type { Example } from "../report/adversaries.ts";
import type { Crop } from "../report/crops.ts";
import type { Mixture } from "../report/mixtures.ts";
import type { ReportData } from "../report/report.ts";
import type { Resilience } from "../report/resilience.ts";
import { type Engine, Graph } from "../tensor/graph.ts";
import { compile } from "../tensor/plan.ts";
import { largestShift, optimisation } from "../train/settings.ts";
import type { DemoResult } from "./demo.ts";

/** Pictures per figure, and crops per class. */
const shown = { examples: 4, mixtures: 4, crops: 2 };

/** Collects the report's data; pictures of mixtures and confidences are computed by the engine itself. */
export async function demoReport(engine: Engine, demo: DemoResult, command: string): Promise<ReportData> {
  const { pack, networks, settings, timings } = demo;
  const adapter = engine.gpu.name;
  return {
    title: "How resilient are these networks?",
    command,
    created: new Date().toISOString().slice(0, 16).replace("T", " ") + " UTC",
    adapter,
    examples: await examples(engine, demo),
    mixes: await mixtures(engine, pack, settings.seed),
    crops: await crops(pack),
    curves: networks.map(({ group, result: { log } }) => ({
      name: group,
      points: log.map(({ epoch, validationAccuracy }) => ({ epoch, accuracy: validationAccuracy })),
    })),
    table: resilience(demo),
    timings,
    settings: settingsOf(demo, adapter),
  };
}

/** Table II: the sixth unprotected network and the defended ones, on every set. */
function resilience({ assessment, networks }: DemoResult): Resilience {
  const words: Record<number, string> = { 1: "One model", 3: "Three models", 5: "Five models" };
  return {
    sets: assessment.sets.map(({ members, epsilon, filter, candidates, correct, adversarial }) => ({
      name: words[members.length] ?? `${members.length} models`,
      members: members.length,
      epsilon,
      filter,
      candidates,
      correct,
      adversarial,
    })),
    rows: assessment.networks.map(({ run, train, validation, cells }) => {
      const { name, group } = networks.find(({ path }) => path === run)!;
      return { group, name, train, validation, cells };
    }),
  };
}

/** Fig. 1: the adversaries that fool the network outside the ensemble most confidently, one per class at first. */
async function examples(engine: Engine, { sets, networks, pack }: DemoResult): Promise<Example[]> {
  const set = await openSet(sets[sets.length - 1]);
  const victim = networks.find(({ name }) => name === "base-6")!;
  if (set.manifest.adversarial === 0) return [];
  const names = pack.classes.map(({ name }) => name);
  const before = await confidences(engine, victim.path, set, set.originals);
  const after = await confidences(engine, victim.path, set, set.images);
  const fooled = [...set.labels.keys()]
    .filter((n) => before[n].label === set.labels[n] && after[n].label !== set.labels[n])
    .sort((a, b) => before[b].confidence * after[b].confidence - before[a].confidence * after[a].confidence);
  const classes = new Set<number>();
  const first = fooled.filter((n) => !classes.has(set.labels[n]) && classes.add(set.labels[n]));
  return [...first, ...fooled.filter((n) => !first.includes(n))].slice(0, shown.examples).map((n) => ({
    original: picture(set.originals, n, pack.size),
    adversary: picture(set.images, n, pack.size),
    label: names[set.labels[n]],
    epsilon: set.manifest.epsilon,
    model: victim.name,
    before: { label: names[before[n].label], confidence: before[n].confidence },
    after: { label: names[after[n].label], confidence: after[n].confidence },
  }));
}

/** What a network sees in each image of a set, and how sure it is. */
async function confidences(
  engine: Engine,
  run: string,
  { manifest: { size, adversarial } }: AdversarialSet,
  bytes: Uint8Array,
): Promise<{ label: number; confidence: number }[]> {
  const { network } = await openRun(engine, run);
  const images = await DeviceImages.upload(engine.gpu, size, adversarial, readerOf(bytes, size));
  const predictor = await Predictor.compile(network, images);
  const logits = await predictor.logits();
  for (const resource of [predictor, images, network]) resource.free();
  const classes = network.architecture.classes.length;
  return Array.from({ length: adversarial }, (_, n) => {
    const probabilities = softmax(logits.subarray(n * classes, (n + 1) * classes));
    const confidence = Math.max(...probabilities);
    return { label: probabilities.indexOf(confidence), confidence };
  });
}

/** Fig. 2: pairs of different classes, superimposed by the kernel that training uses, with rising α. */
async function mixtures(engine: Engine, pack: Pack, seed: number): Promise<Mixture[]> {
  const labels = await pack.labels("train");
  const order = new Random(seed, "mixtures of the report").permutation(labels.length);
  const pairs: number[] = [];
  for (const n of order) {
    const last = pairs[pairs.length - 1];
    if (pairs.length % 2 === 0 || labels[n] !== labels[last]) pairs.push(n);
    if (pairs.length === 2 * shown.mixtures) break;
  }
  const batch = pairs.length;
  const alphas = Float32Array.from(pairs, (_, i) => 0.1 + 0.1 * Math.floor(i / 2));

  const images = await DeviceImages.upload(engine.gpu, pack.size, labels.length, (a, b) => pack.images("train", a, b));
  const graph = new Graph(engine);
  const indices = graph.input("indices", [batch], "u32");
  const partner = graph.input("partners", [batch], "u32");
  const alpha = graph.input("alpha", [batch]);
  const x = gatherBatch(graph, images, indices, graph.input("jitter", [batch, 4], "i32"));
  const mixed = mix(x, partner, alpha);
  const plan = await compile(graph, [mixed]);
  plan.write(indices, Uint32Array.from(pairs));
  plan.write(partner, Uint32Array.from(pairs, (_, i) => i ^ 1));
  plan.write(alpha, alphas);
  plan.run();
  const values = (await plan.read(mixed)).filter((_, i) => i % 4 < 3);
  plan.free();
  images.free();

  const bytes = Uint8Array.from(values, (value) => Math.round(value));
  const result: Mixture[] = [];
  for (let i = 0; i < batch; i += 2) {
    result.push({
      original: await trainingPicture(pack, pairs[i]),
      partner: await trainingPicture(pack, pairs[i + 1]),
      mixed: picture(bytes, i, pack.size),
      alpha: alphas[i],
      label: pack.classes[labels[pairs[i]]].name,
      partnerLabel: pack.classes[labels[pairs[i + 1]]].name,
    });
  }
  return result;
}

/** Fig. 3: the first crops of each class. */
async function crops(pack: Pack): Promise<Crop[]> {
  const labels = await pack.labels("train");
  const result: Crop[] = [];
  for (const [label, { name }] of pack.classes.entries()) {
    const chosen = [...labels.keys()].filter((n) => labels[n] === label).slice(0, shown.crops);
    for (const n of chosen) result.push({ picture: await trainingPicture(pack, n), label: name });
  }
  return result;
}

async function trainingPicture(pack: Pack, index: number): Promise<Picture> {
  return { width: pack.size, height: pack.size, data: await pack.images("train", index, index + 1) };
}

function picture(images: Uint8Array, index: number, size: number): Picture {
  const each = size * size * 3;
  return { width: size, height: size, data: images.slice(index * each, (index + 1) * each) };
}

function settingsOf({ pack, settings, networks, assessment }: DemoResult, adapter: string): ReportData["settings"] {
  const { seed, validation, minSide, source } = pack.info;
  const [{ step, steps, filter, epsilon }] = assessment.sets;
  const rate = `${settings.learningRate}, falling as half a ${optimisation.schedule}`;
  return [
    {
      group: "Data",
      entries: [
        ["layout", source.layout],
        ["image size", `${pack.size} × ${pack.size} pixels`],
        ["classes", pack.classes.map(({ name }) => name).join(", ")],
        ["training images", String(pack.count("train"))],
        ["validation images", `${pack.count("validation")} (share ${validation}, split by photograph)`],
        ["smallest box side", `${minSide} pixels`],
        ["seed", String(seed)],
      ],
    },
    {
      group: "Training",
      entries: [
        ["architecture", `VGGNet13 with batch norm and global average pooling, width ${settings.width}`],
        ["epochs", String(settings.epochs)],
        ["batch", `${settings.batch} images`],
        ["learning rate", rate],
        ["momentum, weight decay", `${optimisation.momentum}, ${optimisation.weightDecay}`],
        ["augmentation", `mirrored half the time, shifted by up to ${settings.size * largestShift} pixels`],
        ["adapter", adapter],
      ],
    },
    {
      group: "Defences",
      entries: networks.filter(({ defence }) => defence.name !== "none").map(({ name, defence, seed }) => {
        const { name: _, ...strength } = defence;
        return [name, `${JSON.stringify(strength).replace(/["{}]/g, "").replace(/,/g, ", ")}, seed: ${seed}`];
      }),
    },
    {
      group: "Attack",
      entries: [
        ["method", "gradient ensemble (eq. 2–3)"],
        ["ε, step, iterations", `${epsilon}, ${step}, ${steps}`],
        ["filter", filter],
        ["members", "base-1; base-1 to base-3; base-1 to base-5"],
      ],
    },
  ];
}
