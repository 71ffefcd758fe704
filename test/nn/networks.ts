/** Networks with random weights, on the device and in the float64 reference alike. */
import { createHash } from "node:crypto";
import { DeviceImages } from "../../src/nn/images.ts";
import type { Architecture } from "../../src/nn/network.ts";
import { Network } from "../../src/nn/network.ts";
import { Random } from "../../src/random.ts";
import type { Engine } from "../../src/tensor/graph.ts";
import { engine, single } from "../ops/engine.ts";
import { fromValues, map, type NdArray, randomNormal } from "../reference/array.ts";
import type { Normaliser, State } from "../reference/vgg13.ts";

/** No two channels alike, and no number that rounds to a nice one. */
const normaliser: Architecture["normaliser"] = { mean: [123.7, 116.3, 103.5], std: [58.4, 57.1, 61.9] };
export const referenceNormaliser: Normaliser = { mean: normaliser.mean, deviation: normaliser.std };

export function architecture(options: Partial<Pick<Architecture, "arch" | "size" | "width">> = {}): Architecture {
  return { arch: "vgg13", size: 32, width: 0.125, classes: ["ant", "bee", "cat"], normaliser, ...options };
}

export interface Twin {
  network: Network;
  /** The very values the network holds, padding left out. */
  state: State;
}

/**
 * He-scaled weights and everything else random too (γ, β, running statistics, the classifier's bias), so that no term
 * hides behind a 0 or a 1.
 */
export async function randomTwin(seed: number, design: Architecture): Promise<Twin> {
  const network = new Network(await engine(), design);
  const state = randomState(seed, network.parameters.specs);
  for (const [name, { data }] of state) network.parameters.write(name, Float32Array.from(data));
  return { network, state };
}

/** Values in f32 precision for parameters of these shapes. */
export function randomState(
  seed: number,
  specs: readonly { name: string; shape: readonly number[]; depth: number }[],
): State {
  return new Map(specs.map(({ name, shape, depth }) => {
    const noise = randomNormal([...shape.slice(0, -1), depth], new Random(seed, `random ${name}`));
    const fanIn = noise.shape.slice(1).reduce((product, side) => product * side, 1);
    const isScale = name.endsWith("running_var") || (name.endsWith("weight") && shape.length === 1);
    const value = (z: number) => isScale ? Math.exp(0.2 * z) : shape.length > 1 ? z * Math.sqrt(2 / fanIn) : z / 5;
    return [name, single(map(noise, value))];
  }));
}

export interface Pictures {
  bytes: Uint8Array<ArrayBuffer>;
  /** The same as [count, size, size, 3] of the reference. */
  values: NdArray;
  labels: Int32Array<ArrayBuffer>;
}

/** Images of independent random bytes, with random labels. */
export function randomPictures(seed: number, count: number, size: number, classes: number): Pictures {
  const random = new Random(seed, "random pictures");
  const bytes = Uint8Array.from({ length: count * size * size * 3 }, () => random.integer(256));
  const labels = Int32Array.from({ length: count }, () => random.integer(classes));
  return { bytes, values: fromValues([count, size, size, 3], bytes), labels };
}

/** Stands for bytes that must be the same: uvu would take minutes to print how two long arrays differ. */
export function digest({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return `${byteLength} bytes, ${
    createHash("sha256").update(new Uint8Array(buffer, byteOffset, byteLength)).digest("hex")
  }`;
}

export function upload(engine: Engine, bytes: Uint8Array, size: number): Promise<DeviceImages> {
  const each = size * size * 3;
  const read = (from: number, to: number) => bytes.subarray(from * each, to * each);
  return DeviceImages.upload(engine.gpu, size, bytes.length / each, read);
}
