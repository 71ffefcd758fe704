/** The memory of a network: all weights in one flat buffer, all running statistics in another. */
import type { Gpu } from "../gpu/device.ts";
import type { BufferView } from "../gpu/kernel.ts";
import { Random } from "../random.ts";
import type { Graph, Tensor } from "../tensor/graph.ts";
import { type ParameterSpec } from "./layers.ts";

/** Buffers may be bound at multiples of 256 bytes only. */
const alignment = 64;

interface Slice {
  spec: ParameterSpec;
  offset: number;
  length: number;
}

/** A flat buffer with a slice for each parameter of one kind. */
class Flat {
  readonly slices = new Map<string, Slice>();
  readonly length: number;
  readonly buffer: GPUBuffer;

  constructor(gpu: Gpu, label: string, specs: readonly ParameterSpec[]) {
    let end = 0;
    for (const spec of specs) {
      const length = spec.shape.reduce((product, size) => product * size, 1);
      this.slices.set(spec.name, { spec, offset: end, length });
      end += Math.ceil(length / alignment) * alignment;
    }
    this.length = end;
    this.buffer = gpu.allocate(label, end * 4);
  }
}

export class Parameters {
  readonly #flat: Record<ParameterSpec["kind"], Flat>;

  constructor(readonly gpu: Gpu, readonly specs: readonly ParameterSpec[]) {
    const ofKind = (kind: ParameterSpec["kind"]) => specs.filter((spec) => spec.kind === kind);
    this.#flat = {
      weight: new Flat(gpu, "weights", ofKind("weight")),
      statistic: new Flat(gpu, "running statistics", ofKind("statistic")),
    };
  }

  /** Number of trained values, padding left out. */
  get count(): number {
    return this.specs.filter(({ kind }) => kind === "weight").reduce((sum, spec) => sum + realLength(spec), 0);
  }

  /** Elements of a flat buffer, padding included. */
  length(kind: ParameterSpec["kind"]): number {
    return this.#flat[kind].length;
  }

  /** A whole flat buffer. */
  whole(kind: ParameterSpec["kind"]): BufferView {
    const { buffer, length } = this.#flat[kind];
    return { buffer, dtype: "f32", offset: 0, length };
  }

  /** Where a parameter lies in the flat buffer of its kind, or in copy number `copy` of a buffer of such, end to end. */
  slice(name: string, buffer?: GPUBuffer, copy = 0): BufferView {
    for (const flat of Object.values(this.#flat)) {
      const slice = flat.slices.get(name);
      if (!slice) continue;
      const offset = (copy * flat.length + slice.offset) * 4;
      return { buffer: buffer ?? flat.buffer, dtype: "f32", offset, length: slice.length };
    }
    throw new Error(`there is no parameter ${name}`);
  }

  /** Draws fresh starting values; each parameter has a stream of its own. */
  initialise(seed: number): void {
    for (const spec of this.specs) {
      const random = new Random(seed, `initialise ${spec.name}`);
      this.write(spec.name, Float32Array.from({ length: realLength(spec) }, () => spec.initial(random)));
    }
  }

  /** Writes the real entries of a parameter, padding left out, in our layout. */
  write(name: string, values: Float32Array): void {
    const spec = this.#spec(name);
    const { buffer, offset, length } = this.slice(name);
    const depth = spec.shape[spec.shape.length - 1];
    const data = new Float32Array(length);
    for (let i = 0; i < values.length; i++) {
      data[Math.floor(i / spec.depth) * depth + i % spec.depth] = values[i];
    }
    this.gpu.write(buffer, offset, data);
  }

  /** Reads the real entries of every parameter, padding left out, in our layout. */
  async read(): Promise<Map<string, Float32Array<ArrayBuffer>>> {
    const values = new Map<string, Float32Array<ArrayBuffer>>();
    for (const { buffer, slices } of Object.values(this.#flat)) {
      const all = new Float32Array(await this.gpu.read(buffer));
      for (const [name, { spec, offset, length }] of slices) {
        const depth = spec.shape[spec.shape.length - 1];
        const padded = all.slice(offset, offset + length);
        values.set(name, depth === spec.depth ? padded : padded.filter((_, i) => i % depth < spec.depth));
      }
    }
    return values;
  }

  /** The parameters as tensors of a graph, each the same tensor however often it is asked for. */
  bind(graph: Graph): (name: string) => Tensor {
    const bound = new Map<string, Tensor>();
    return (name) => {
      let tensor = bound.get(name);
      if (!tensor) bound.set(name, tensor = graph.placed(name, this.#spec(name).shape, this.slice(name)));
      return tensor;
    };
  }

  free(): void {
    for (const { buffer } of Object.values(this.#flat)) this.gpu.free(buffer);
  }

  #spec(name: string): ParameterSpec {
    const spec = this.specs.find((spec) => spec.name === name);
    if (!spec) throw new Error(`there is no parameter ${name}`);
    return spec;
  }
}

function realLength({ shape, depth }: ParameterSpec): number {
  return shape.slice(0, -1).reduce((product, size) => product * size, 1) * depth;
}
