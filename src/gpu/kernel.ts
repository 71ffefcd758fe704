/**
 * A kernel is one WGSL file with one entry point. Its bindings, uniform struct, overrides and workgroup size are read
 * from the source by reflection, and the shape written behind each storage binding is checked before every dispatch:
 *
 *     @group(0) @binding(1) var<storage, read> x: array<vec4f>;  // [batch, height, width, channels]
 *
 * where a dimension is a number or a member of the uniform struct `params`.
 */
// @ts-types="npm:wgsl_reflect@1.6.0"
import { type VariableInfo, WgslReflect } from "wgsl_reflect";
import { UserError } from "../errors.ts";
import { ShaderStage } from "./dawn.ts";
import type { Gpu } from "./device.ts";
import type { DType } from "./dtype.ts";

/** A run of elements inside a buffer, which owns the rest of its last 16 bytes too. */
export interface BufferView {
  buffer: GPUBuffer;
  dtype: DType;
  /** Bytes from the buffer's start; a multiple of 256. */
  offset: number;
  /** Number of elements. */
  length: number;
}

interface StorageBinding {
  index: number;
  dtype: DType;
  writable: boolean;
  shape: string[];
}

interface UniformMember {
  name: string;
  dtype: DType;
  offset: number;
}

/** One kernel call, checked and ready to record. */
export interface Dispatch {
  kernel: Kernel;
  bindings: Record<string, BufferView>;
  params: Record<string, number>;
  /** Values for `override` declarations; each set of values is a pipeline of its own. */
  constants?: Record<string, number>;
  /** Invocations wanted along x, y, z; rounded up to whole workgroups. */
  threads: [number, number?, number?];
}

const kernelRoot = new URL("../../kernels/", import.meta.url);

export class Kernel {
  readonly storage = new Map<string, StorageBinding>();
  readonly uniform: { index: number; size: number; members: UniformMember[] } | null = null;
  readonly overrides: string[];
  readonly workgroupSize: [number, number, number];
  /** Whether it counts its threads along x and y together, so that a long grid may be folded. */
  readonly folds: boolean;
  #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  #layout: GPUBindGroupLayout | null = null;

  /** @param activations their type in memory, where `source` knows any */
  constructor(readonly name: string, readonly source: string, readonly activations: DType = "f32") {
    const reflection = reflect(name, source);
    const [entry, ...others] = reflection.entry.compute;
    if (!entry || others.length > 0) throw new Error(`kernel ${name}: it must have exactly one entry point`);
    this.workgroupSize = entry.workgroupSize ?? [1, 1, 1];
    this.folds = source.includes("@builtin(num_workgroups)");
    this.overrides = reflection.overrides.map((override) => override.name);
    for (const variable of reflection.storage) this.storage.set(variable.name, this.#storageBinding(variable));
    for (const variable of reflection.uniforms) {
      const members = (variable.members ?? []).map(({ name, type, offset }) => ({
        name,
        dtype: type.name as DType,
        offset,
      }));
      this.uniform = { index: variable.binding, size: Math.ceil(variable.size / 16) * 16, members };
    }
  }

  /** For people: the name, and the type of activations where that is not f32. */
  get label(): string {
    return this.activations === "f32" ? this.name : `${this.name} ${this.activations}`;
  }

  #storageBinding(variable: VariableInfo): StorageBinding {
    const element = variable.format?.getTypeName() ?? "f32";
    const line = this.source.split("\n").find((text) => new RegExp(`\\bvar<storage.*> ${variable.name}:`).test(text));
    const shape = line?.match(/\/\/ \[(.*)\]/)?.[1].split(",").map((dimension) => dimension.trim());
    if (!shape) throw new Error(`kernel ${this.name}: binding ${variable.name} states no shape`);
    const dtype = dtypeOf(element);
    return { index: variable.binding, dtype, writable: variable.access.includes("write"), shape };
  }

  /** Throws, naming the kernel and the argument, unless names, types and sizes are what the source declares. */
  check({ bindings, params, constants = {} }: Dispatch): void {
    const fail = (sentence: string): never => {
      throw new Error(`kernel ${this.name}: ${sentence}`);
    };
    sameNames([...this.storage.keys()], Object.keys(bindings), (what, name) => fail(`${what} buffer "${name}"`));
    const members = this.uniform?.members.map(({ name }) => name) ?? [];
    sameNames(members, Object.keys(params), (what, name) => fail(`${what} parameter "${name}"`));
    for (const name in constants) if (!this.overrides.includes(name)) fail(`unknown override "${name}"`);
    for (const { name, dtype } of this.uniform?.members ?? []) {
      const value = params[name];
      if (!Number.isFinite(value)) fail(`parameter ${name} is ${value}`);
      if (dtype !== "f32" && !Number.isInteger(value)) fail(`parameter ${name} = ${value} is not a whole number`);
    }
    for (const [name, { dtype, shape }] of this.storage) {
      const view = bindings[name];
      if (view.dtype !== dtype) fail(`${name} holds ${view.dtype}, it must hold ${dtype}`);
      const sizes = shape.map((dimension) =>
        /^\d+$/.test(dimension) ? Number(dimension) : params[dimension] ?? constants[dimension]
      );
      if (sizes.some((size) => size === undefined)) fail(`the shape [${shape}] of ${name} names no parameter`);
      const length = sizes.reduce((product, size) => product * size, 1);
      if (view.length !== length) {
        fail(
          `${name} has ${view.length} elements, its shape [${shape.join(", ")}] = [${
            sizes.join(", ")
          }] needs ${length}`,
        );
      }
    }
  }

  /** The bytes of the uniform struct for these parameters. */
  packParams(params: Record<string, number>): ArrayBuffer {
    const data = new DataView(new ArrayBuffer(this.uniform?.size ?? 0));
    for (const { name, dtype, offset } of this.uniform?.members ?? []) {
      if (dtype === "f32") data.setFloat32(offset, params[name], true);
      else if (dtype === "i32") data.setInt32(offset, params[name], true);
      else data.setUint32(offset, params[name], true);
    }
    return data.buffer;
  }

  layout(gpu: Gpu): GPUBindGroupLayout {
    if (this.#layout) return this.#layout;
    const visibility = ShaderStage.COMPUTE;
    const entries: GPUBindGroupLayoutEntry[] = [...this.storage.values()].map(({ index, writable }) => ({
      binding: index,
      visibility,
      buffer: { type: writable ? "storage" : "read-only-storage" },
    }));
    if (this.uniform) entries.push({ binding: this.uniform.index, visibility, buffer: { type: "uniform" } });
    return this.#layout = gpu.device.createBindGroupLayout({ label: this.name, entries });
  }

  /** The compiled pipeline for one set of override values; compiled once, asynchronously. */
  pipeline(gpu: Gpu, constants: Record<string, number> = {}): Promise<GPUComputePipeline> {
    const key = JSON.stringify(Object.entries(constants).sort());
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) this.#pipelines.set(key, pipeline = this.#compile(gpu, constants));
    return pipeline;
  }

  async #compile(gpu: Gpu, constants: Record<string, number>): Promise<GPUComputePipeline> {
    const module = gpu.device.createShaderModule({ label: this.name, code: this.source });
    try {
      return await gpu.device.createComputePipelineAsync({
        label: this.name,
        layout: gpu.device.createPipelineLayout({ bindGroupLayouts: [this.layout(gpu)] }),
        compute: { module, constants },
      });
    } catch (error) {
      const { messages } = await module.getCompilationInfo();
      const lines = messages.map(({ lineNum, message }) => `line ${lineNum}: ${message}`);
      throw new UserError(`kernel ${this.name} does not compile: ${lines.join("; ") || (error as Error).message}`);
    }
  }
}

/** Of a WGSL scalar or vector such as `vec4h`. */
function dtypeOf(element: string): DType {
  return /h$|f16$/.test(element) ? "f16" : /u(32)?$/.test(element) ? "u32" : /i(32)?$/.test(element) ? "i32" : "f32";
}

/**
 * WGSL has overrides for numbers but none for types; these lines are ours. A kernel that reads or writes activations says
 * what they are in memory,
 *
 *     alias Stored = vec4f;
 *
 * and computes in f32 all the same. With f16 storage every alias whose name begins so becomes its half, here `vec4h`. A
 * kernel that knows nothing but f16 enables it itself.
 */
function storedInHalves(name: string, source: string): string {
  if (/^enable f16;/m.test(source)) return source;
  const halves = source.replace(/^(alias Stored\w* = )(?:f32|(vec\d)f);/gm, (_, head, vector) => {
    return `${head}${vector ? `${vector}h` : "f16"};`;
  });
  if (halves === source) throw new Error(`kernel ${name}: it has no alias Stored, so no f16 storage`);
  return `enable f16;\n${halves}`;
}

/** A kernel on subgroup matrices states their size as `const edge = 8u;`; an adapter may multiply others. */
function withEdge(source: string, edge: number): string {
  return source.replace(/^const edge = \d+u;/m, `const edge = ${edge}u;`);
}

/** wgsl_reflect 1.6 does not know subgroup matrices; nothing it is asked for depends on them. */
function withoutMatrices(source: string): string {
  return source.replace(/= subgroup_matrix_\w+<.*>;/g, "= f32;").replace(/\b(subgroupMatrix\w+)<[^>]*>/g, "$1");
}

function reflect(name: string, source: string): WgslReflect {
  try {
    return new WgslReflect(withoutMatrices(source));
  } catch (error) {
    throw new UserError(`kernel ${name} does not parse: ${(error as Error).message}`);
  }
}

function sameNames(wanted: string[], given: string[], complain: (what: string, name: string) => void): void {
  for (const name of wanted) if (!given.includes(name)) complain("missing", name);
  for (const name of given) if (!wanted.includes(name)) complain("unknown", name);
}

/** The kernels of one device, each read and compiled once. */
export class KernelLibrary {
  #kernels = new Map<string, Kernel>();

  /** @param edge of the subgroup matrices, on a device that has any */
  constructor(private readonly edge = 8) {}

  /** The kernel in `kernels/<name>.wgsl`. @param activations the type of those it reads and writes */
  get(name: string, activations: DType = "f32"): Kernel {
    const key = `${name} ${activations}`;
    let kernel = this.#kernels.get(key);
    if (!kernel) {
      const source = withEdge(Deno.readTextFileSync(new URL(`${name}.wgsl`, kernelRoot)), this.edge);
      kernel = new Kernel(name, activations === "f16" ? storedInHalves(name, source) : source, activations);
      this.#kernels.set(key, kernel);
    }
    return kernel;
  }
}
