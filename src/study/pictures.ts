/** The pictures of a study's report: adversaries, mixtures and crops; the engine itself computes what they show. */
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
import { type Engine, Graph } from "../tensor/graph.ts";
import { compile } from "../tensor/plan.ts";

/** Pictures per figure, crops per class, and classes. */
const shown = { examples: 4, mixtures: 4, crops: 2, classes: 24 };

/** Fig. 1: the adversaries of a set that fool a network outside its ensemble most confidently, one per class at first. */
export async function examples(
  engine: Engine,
  pack: Pack,
  setPath: string,
  victim: { name: string; run: string },
): Promise<Example[]> {
  const set = await openSet(setPath);
  if (set.manifest.adversarial === 0) return [];
  const names = pack.classes.map(({ name }) => name);
  const before = await confidences(engine, victim.run, set, set.originals);
  const after = await confidences(engine, victim.run, set, set.images);
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
export async function mixtures(engine: Engine, pack: Pack, seed: number): Promise<Mixture[]> {
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

  const images = await DeviceImages.ofSplit(engine.gpu, pack, "train");
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

/** Fig. 3: the first crops of each class, or of the first classes where there are many. */
export async function crops(pack: Pack): Promise<Crop[]> {
  const labels = await pack.labels("train");
  const result: Crop[] = [];
  for (const [label, { name }] of pack.classes.slice(0, shown.classes).entries()) {
    const chosen = [...labels.keys()].filter((n) => labels[n] === label).slice(0, shown.crops);
    for (const n of chosen) result.push({ picture: await trainingPicture(pack, n), label: name });
  }
  return result;
}

async function trainingPicture(pack: Pack, index: number): Promise<Picture> {
  return { width: pack.size, height: pack.size, data: await pack.images("train", index, index + 1) };
}

export async function validationPicture(pack: Pack, index: number): Promise<Picture> {
  return { width: pack.size, height: pack.size, data: await pack.images("validation", index, index + 1) };
}

function picture(images: Uint8Array, index: number, size: number): Picture {
  const each = size * size * 3;
  return { width: size, height: size, data: images.slice(index * each, (index + 1) * each) };
}
