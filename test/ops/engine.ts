/** Runs a piece of graph on random data, for comparison with the float64 reference. */
import { Gpu } from "../../src/gpu/device.ts";
import { type DType, KernelLibrary } from "../../src/gpu/kernel.ts";
import { type Engine, Graph, type Tensor } from "../../src/tensor/graph.ts";
import { compile } from "../../src/tensor/plan.ts";
import { fromValues, type NdArray, relativeError } from "../reference/array.ts";

let opened: Promise<Engine> | null = null;

/** One device for the whole test run, so that each pipeline is compiled once. */
export function engine(): Promise<Engine> {
  return opened ??= Gpu.open().then((gpu) => ({ gpu, kernels: new KernelLibrary() }));
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
): Promise<NdArray[]> {
  const graph = new Graph(await engine());
  const inputs = {} as Record<Names, Tensor>;
  for (const name in feeds) inputs[name] = graph.input(name, feeds[name].shape, feeds[name].dtype);
  const outputs = build(inputs);
  const plan = await compile(graph, outputs);
  for (const name in feeds) {
    const { data, dtype = "f32" } = feeds[name];
    const values = Array.from(data);
    const typed = { f32: Float32Array, u32: Uint32Array, i32: Int32Array }[dtype].from(values);
    plan.write(inputs[name], typed);
  }
  plan.run();
  const results: NdArray[] = [];
  for (const output of outputs) results.push(fromValues([...output.shape], await plan.read(output)));
  plan.free();
  return results;
}

/** Rounds to f32, so that the reference starts from exactly what the device is given. */
export function single(x: NdArray): NdArray {
  return fromValues(x.shape, Float32Array.from(x.data));
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
