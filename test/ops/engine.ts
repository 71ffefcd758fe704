/** Runs a piece of graph on random data, for comparison with the float64 reference. */
import { arrays, bytesPer, type DType, type Elements } from "../../src/gpu/dtype.ts";
import type { BufferView } from "../../src/gpu/kernel.ts";
import { openEngine } from "../../src/tensor/engine.ts";
import { type Engine, Graph, type Tensor } from "../../src/tensor/graph.ts";
import { compile } from "../../src/tensor/plan.ts";
import { Random } from "../../src/random.ts";
import { fromValues, maxError, type NdArray, randomNormal, relativeError } from "../reference/array.ts";

const opened = new Map<boolean, Promise<Engine>>();

/** One device for the whole test run, so that each pipeline is compiled once; another one without subgroups. */
export function engine({ subgroups = true } = {}): Promise<Engine> {
  const found = opened.get(subgroups) ?? openEngine({ subgroups });
  opened.set(subgroups, found);
  return found;
}

export interface Feed {
  shape: readonly number[];
  data: ArrayLike<number>;
  dtype?: DType;
}

/** Builds a graph over inputs holding `feeds`, runs it once and returns the values of the tensors `build` returns. */
export async function evaluate<Names extends string>(
  feeds: Record<Names, Feed>,
  build: (inputs: Record<Names, Tensor>) => readonly Tensor[],
  device = engine(),
): Promise<NdArray[]> {
  const graph = new Graph(await device);
  const inputs = {} as Record<Names, Tensor>;
  for (const name in feeds) inputs[name] = graph.input(name, feeds[name].shape, feeds[name].dtype);
  const outputs = build(inputs);
  const plan = await compile(graph, outputs);
  for (const name in feeds) plan.write(inputs[name], typed(feeds[name].data, feeds[name].dtype));
  plan.run();
  const results: NdArray[] = [];
  for (const output of outputs) results.push(fromValues([...output.shape], await plan.read(output)));
  plan.free();
  return results;
}

function typed(data: ArrayLike<number>, dtype: DType = "f32"): Elements {
  return arrays[dtype].from(Array.from(data));
}

/** Puts values into device memory of their own, for `graph.placed`; whoever calls it frees `view.buffer`. */
export async function place(data: ArrayLike<number>, dtype: DType = "f32"): Promise<BufferView> {
  const { gpu } = await engine();
  const buffer = gpu.allocate("placed by a test", data.length * bytesPer(dtype));
  gpu.write(buffer, 0, typed(data, dtype));
  return { buffer, dtype, offset: 0, length: data.length };
}

/** The f32 values of a view, after all work submitted before. */
export async function readView({ buffer, offset, length }: BufferView): Promise<Float32Array> {
  const { gpu } = await engine();
  return new Float32Array(await gpu.read(buffer, offset, length * 4));
}

/** Random values of f32 precision. */
export function normal(shape: readonly number[], purpose: string): NdArray {
  return single(randomNormal(shape, new Random(1, purpose)));
}

/** Rounds to f32, so that the reference starts from exactly what the device is given. */
export function single(x: NdArray): NdArray {
  return fromValues(x.shape, Float32Array.from(x.data));
}

/** Rounds to f16, likewise. */
export function half(x: NdArray): NdArray {
  return fromValues(x.shape, Float16Array.from(x.data));
}

/** Pads the last dimension with zeros to a multiple of 4, as the engine keeps channels. */
export function padChannels(x: NdArray): NdArray {
  const channels = x.shape[x.shape.length - 1];
  const padded = Math.ceil(channels / 4) * 4;
  const data = new Float64Array(x.data.length / channels * padded);
  for (let i = 0; i < x.data.length; i++) data[Math.floor(i / channels) * padded + i % channels] = x.data[i];
  return { shape: [...x.shape.slice(0, -1), padded], data };
}

/** Drops what `padChannels` added; throws where it is not zero. */
export function cropChannels(x: NdArray, channels: number): NdArray {
  const padded = x.shape[x.shape.length - 1];
  const data = new Float64Array(x.data.length / padded * channels);
  for (let i = 0; i < x.data.length; i++) {
    const c = i % padded;
    if (c < channels) data[Math.floor(i / padded) * channels + c] = x.data[i];
    else if (x.data[i] !== 0) throw new Error(`padding channel ${c} holds ${x.data[i]}`);
  }
  return { shape: [...x.shape.slice(0, -1), channels], data };
}

/** Fails unless ‖actual − expected‖₂ ≤ tolerance · ‖expected‖₂ and the shapes agree. */
export function close(name: string, actual: NdArray, expected: NdArray, tolerance = 1e-5): void {
  if (actual.data.length !== expected.data.length) {
    throw new Error(`${name}: [${actual.shape}] instead of [${expected.shape}]`);
  }
  const error = relativeError(actual.data, expected.data);
  if (!(error <= tolerance)) throw new Error(`${name}: relative error ${error.toExponential(2)} exceeds ${tolerance}`);
}

/** Fails unless no value is off by more than `bound`: for results that cancel, where a relative error says nothing. */
export function within(name: string, actual: NdArray, expected: NdArray, bound: number): void {
  const error = maxError(actual.data, expected.data);
  if (!(error <= bound)) throw new Error(`${name}: an error of ${error.toExponential(2)} exceeds ${bound}`);
}

/** Fails unless every value is the very same (0 and −0 counting as one). */
export function same(name: string, actual: NdArray, expected: NdArray): void {
  if (actual.data.length !== expected.data.length) {
    throw new Error(`${name}: [${actual.shape}] instead of [${expected.shape}]`);
  }
  const at = actual.data.findIndex((value, i) => value !== expected.data[i]);
  if (at >= 0) throw new Error(`${name}: value ${at} is ${actual.data[at]} instead of ${expected.data[at]}`);
}

/** Fails unless `body` is refused with an error that matches `sentence`. */
export async function refused(body: () => unknown, sentence: RegExp): Promise<void> {
  let message = "";
  try {
    await body();
  } catch (error) {
    message = (error as Error).message;
  }
  if (!sentence.test(message)) throw new Error(message ? `refused with "${message}"` : `not refused: ${sentence}`);
}
