/** Objectives traced on a tiny network with random weights, for comparison with the float64 reference. */
import type { Batch, Objective } from "../../../src/train/objective.ts";
import type { Tensor } from "../../../src/tensor/graph.ts";
import { gradient } from "../../../src/tensor/gradient.ts";
import { architecture, randomPictures, randomTwin, referenceNormaliser, type Twin } from "../../nn/networks.ts";
import { close, cropChannels, evaluate, padChannels } from "../../ops/engine.ts";
import { fromValues, type NdArray } from "../../reference/array.ts";
import type { State } from "../../reference/vgg13.ts";

export const SEED = 5;
export const STREAMS = [40, 41, 42];
export const { values: images, labels } = randomPictures(SEED, STREAMS.length, 32, 3);
export const reference = { mode: "training", normaliser: referenceNormaliser } as const;

const feeds = {
  x: padChannels(images),
  y: { shape: [STREAMS.length], data: labels, dtype: "u32" as const },
  streams: { shape: [STREAMS.length], data: STREAMS, dtype: "u32" as const },
};

export const tinyTwin = (): Promise<Twin> => randomTwin(SEED, architecture({ width: 0.0625 }));

/** What a defence that draws on the device is given. */
export type Drawn = Pick<Batch, "model" | "x" | "y" | "streams">;

/** The images `build` traces, in the network's training mode, without their padding. */
export async function trace({ network }: Twin, build: (batch: Drawn) => Tensor[]): Promise<NdArray[]> {
  const found = await evaluate(feeds, (inputs) => build({ ...inputs, ...network.on(inputs.x.graph, "training") }));
  return found.map((image) => cropChannels(image, 3));
}

/** Loss, gradients of all weights, and the running statistics after one pass of an objective. */
export async function step({ network, state }: Twin, objective: Objective) {
  const names = [...state.keys()].filter((name) => !name.includes("running"));
  const [loss, ...gradients] = await evaluate(feeds, (inputs) => {
    const { model, weights } = network.on(inputs.x.graph, "training");
    // Defences that draw on the device mix nothing.
    const unused = { partner: inputs.streams, alpha: inputs.y, larger: inputs.y };
    const loss = objective({ ...inputs, ...unused, model });
    return [loss, ...gradient(loss, names.map((name) => weights.get(name)!))];
  });
  const after = await network.parameters.read();
  const running: State = new Map();
  for (const [name, values] of after) {
    if (name.includes("running")) running.set(name, fromValues([values.length], values));
  }
  const cropped = names.map((name, i): [string, NdArray] => {
    const { shape } = state.get(name)!;
    return [name, cropChannels(gradients[i], shape[shape.length - 1])];
  });
  return { loss: loss.data[0], gradients: new Map(cropped), running };
}

/** Fails unless every array of `actual` is close to its namesake, and there is one for each. */
export function closeStates(actual: State, expected: State, tolerance: number): void {
  if (String([...actual.keys()].sort()) !== String([...expected.keys()].sort())) throw new Error("other names");
  for (const [name, array] of actual) close(name, array, expected.get(name)!, tolerance);
}
