/** Residual networks against the float64 reference; about the seeds see network.test.ts. */
import * as assert from "uvu/assert";
import { readSafetensors } from "../../src/data/safetensors.ts";
import { resnet32, resnet50 } from "../../src/nn/resnet.ts";
import { loadWeights, saveWeights } from "../../src/nn/weights.ts";
import { gradient } from "../../src/tensor/gradient.ts";
import { suite } from "../harness.ts";
import { close, cropChannels, evaluate, normal, padChannels, same } from "../ops/engine.ts";
import { fromValues, type NdArray } from "../reference/array.ts";
import { type Pass, type Settings, type State } from "../reference/layers.ts";
import * as reference from "../reference/resnet.ts";
import { fresh } from "../train/tiny.ts";
import { architecture, randomPictures, randomTwin, referenceNormaliser } from "./networks.ts";

/** For all gradients together; single arrays of a deep network normalised by few values are allowed ten times that. */
const TOLERANCE = 1e-4;

interface Case {
  arch: "resnet32" | "resnet50";
  size: number;
  width: number;
  mode: Settings["mode"];
  batch: number;
  seed: number;
}

function expectedPass({ arch, size, mode }: Case, state: State, images: NdArray): Pass {
  const settings = { mode, normaliser: referenceNormaliser };
  return arch === "resnet50"
    ? reference.resnet50(state, images, settings)
    : reference.resnet32(state, images, settings, size >= 128);
}

function join(arrays: Iterable<NdArray>): NdArray {
  const values = [...arrays].flatMap(({ data }) => [...data]);
  return fromValues([values.length], values);
}

/**
 * Logits, and for a random upstream gradient that of the images; in training those of all weights, and the running
 * statistics.
 */
async function compare(design: Case): Promise<void> {
  const { arch, size, width, mode, batch, seed } = design;
  const { network, state } = await randomTwin(seed, architecture({ arch, size, width }));
  const { values } = randomPictures(seed, batch, size, 3);
  const trained = network.parameters.specs.filter(({ kind }) => mode === "training" && kind === "weight");
  const weights = trained.map(({ name }) => name);
  const upstream = normal([batch, 3], `resnet upstream ${seed}`);
  const [logits, dImages, ...gradients] = await evaluate({ x: padChannels(values), upstream }, ({ x, upstream }) => {
    const on = network.on(x.graph, mode);
    const logits = on.model(x);
    return [logits, ...gradient(logits, [x, ...weights.map((name) => on.weights.get(name)!)], upstream)];
  });
  const after = await network.parameters.read();
  network.free();

  const pass = expectedPass(design, state, values);
  const expected = { ...pass, ...pass.backward(upstream) };
  close("logits", logits, expected.logits, TOLERANCE);
  close("images", cropChannels(dImages, 3), expected.dImages, TOLERANCE);
  const found = weights.map((name, i) => cropChannels(gradients[i], state.get(name)!.shape.at(-1)!));
  if (mode === "inference") return;
  assert.equal(weights.toSorted(), [...expected.gradients.keys()].sort());
  close("all gradients", join(found), join(weights.map((name) => expected.gradients.get(name)!)), TOLERANCE);
  weights.forEach((name, i) => close(name, found[i], expected.gradients.get(name)!, 10 * TOLERANCE));
  assert.is(expected.running.size, state.size - weights.length);
  for (const [name, statistic] of expected.running) {
    close(name, fromValues(statistic.shape, after.get(name)!), statistic, 1e-5);
  }
}

const count = (specs: readonly { shape: readonly number[]; depth: number; kind: string }[]) =>
  specs.filter(({ kind }) => kind === "weight")
    .reduce((sum, { shape, depth }) => sum + shape.slice(0, -1).reduce((product, side) => product * side, depth), 0);

suite("residual networks", (test) => {
  const cases: Case[] = [
    { arch: "resnet32", size: 32, width: 0.25, mode: "training", batch: 3, seed: 1 },
    { arch: "resnet32", size: 45, width: 0.25, mode: "inference", batch: 1, seed: 1 },
    { arch: "resnet32", size: 128, width: 0.25, mode: "inference", batch: 1, seed: 1 },
    { arch: "resnet50", size: 64, width: 0.0625, mode: "training", batch: 3, seed: 2 },
    { arch: "resnet50", size: 39, width: 0.0625, mode: "inference", batch: 2, seed: 1 },
    { arch: "resnet50", size: 128, width: 0.0625, mode: "inference", batch: 1, seed: 1 },
  ];
  for (const design of cases) {
    const { arch, size, mode } = design;
    test(`${arch} at ${size}, ${mode}: logits, gradients, statistics`, () => compare(design));
  }

  test("weights survive the way through a file, which holds no biases but the classifier's", async () => {
    const path = `${fresh("resnet")}.safetensors`;
    const { network, state } = await randomTwin(1, architecture({ arch: "resnet32", width: 0.25 }));
    await saveWeights(path, network);
    const { tensors } = await readSafetensors(path);
    const names = Object.keys(tensors).filter((name) => !name.endsWith("num_batches_tracked"));
    assert.equal(names.sort(), [...state.keys()].sort());
    network.parameters.initialise(7);
    await loadWeights(path, network);
    for (const [name, values] of await network.parameters.read()) {
      same(name, fromValues([values.length], values), state.get(name)!);
    }
    network.free();
  });

  test("names, shapes and numbers of weights are torchvision's", () => {
    const { parameters } = resnet50({ width: 1, size: 128, classes: 1000 });
    assert.is(count(parameters), 25_557_032);
    const shapes = new Map(parameters.map(({ name, shape, depth }) => [name, [...shape.slice(0, -1), depth]]));
    assert.equal(shapes.get("conv1.weight"), [64, 7, 7, 3]);
    assert.equal(shapes.get("layer1.0.downsample.0.weight"), [256, 1, 1, 64]);
    assert.equal(shapes.get("layer3.5.conv2.weight"), [256, 3, 3, 256]);
    assert.equal(shapes.get("layer4.2.bn3.running_var"), [2048]);
    assert.equal(shapes.get("fc.weight"), [1000, 2048]);
    assert.not(shapes.has("layer1.1.downsample.0.weight"));
    // Worked out by hand: 464 + 23,360 + 88,768 + 353,664 + 650.
    assert.is(count(resnet32({ width: 1, size: 32, classes: 10 }).parameters), 466_906);
    assert.is(
      resnet32({ width: 0.5, size: 32, classes: 10 }).parameters.filter(({ shape }) => shape.length === 4).length,
      33,
    );
  });
});
