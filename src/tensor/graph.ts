/**
 * The graph: an eager-looking function is run once on shapes and leaves nodes in the order it called them. Nothing is
 * computed here; `compile` (plan.ts) turns the nodes into a plan that is replayed.
 */
import type { Gpu } from "../gpu/device.ts";
import { bytesPer, type DType } from "../gpu/dtype.ts";
import type { BufferView, Dispatch } from "../gpu/kernel.ts";
import type { KernelLibrary } from "../gpu/kernel.ts";

/** What tracing needs of its surroundings: the device, its kernels, and what the tuner has found out. */
export interface Engine {
  gpu: Gpu;
  kernels: KernelLibrary;
  /** By the keys of tunable nodes, the tiles that are to take the place of the table's. */
  tiles: Map<string, Tile>;
  /** Looks for better tiles before nodes are compiled (src/bench/tune.ts). */
  tune?(nodes: readonly Node[]): Promise<void>;
}

/** Sizes a kernel is compiled with, by the names of its overrides. */
export type Tile = Readonly<Record<string, number>>;

/** A node that can be computed with several tiles, to the same bits; the first is the repository's choice. */
export interface Tunable {
  key: string;
  tiles: readonly Tile[];
}

/** A value in the graph: a shape and an element type. Activations are NHWC, channels a multiple of 4. */
export class Tensor {
  /** Memory that outlives the plan (a parameter, a data set), or null where the plan is to provide it. */
  place: BufferView | null = null;

  constructor(
    readonly graph: Graph,
    readonly shape: readonly number[],
    readonly dtype: DType,
    readonly label: string,
    readonly producer: Node | null,
  ) {}

  get length(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }

  get bytes(): number {
    return this.length * bytesPer(this.dtype);
  }
}

/** Gradient of a scalar-valued function with respect to each output of a node, undefined where there is none. */
export type Upstream = readonly (Tensor | undefined)[];

/** One call of one operation. */
export interface Node {
  operation: string;
  inputs: readonly Tensor[];
  outputs: readonly Tensor[];
  /** Tensors with a place of their own that this node changes (parameters, running statistics). */
  changes: readonly Tensor[];
  /** Floating-point operations of one run, counting a multiply-add as two. */
  flops: number;
  tunable?: Tunable;
  /** The kernel calls, given where every tensor lies. */
  dispatches(at: (tensor: Tensor) => BufferView): Dispatch[];
  /** Adds the nodes of the reverse pass; a result per input, undefined where no gradient flows. */
  backward?(upstream: Upstream): (Tensor | undefined)[];
}

/** What an operation states about one call of itself. */
export interface Call extends Partial<Pick<Node, "changes" | "flops" | "tunable" | "backward">> {
  operation: string;
  inputs: readonly Tensor[];
  outputs: readonly { shape: readonly number[]; dtype?: DType }[];
  /** @param tile the chosen one of a node that is tunable */
  dispatches(outputs: Tensor[], at: (tensor: Tensor) => BufferView, tile?: Tile): Dispatch[];
}

export class Graph {
  readonly nodes: Node[] = [];
  /** Tensors the host writes before a run. */
  readonly inputs: Tensor[] = [];

  constructor(readonly engine: Engine) {}

  /** A tensor the host writes before each run. */
  input(label: string, shape: readonly number[], dtype: DType = "f32"): Tensor {
    const tensor = new Tensor(this, shape, dtype, label, null);
    this.inputs.push(tensor);
    return tensor;
  }

  /** A tensor over memory that outlives the plan. */
  placed(label: string, shape: readonly number[], view: BufferView): Tensor {
    const tensor = new Tensor(this, shape, view.dtype, label, null);
    if (tensor.length !== view.length) throw new Error(`${label}: [${shape}] does not fill ${view.length} elements`);
    tensor.place = view;
    return tensor;
  }

  /** Records one call and returns its outputs. */
  add(call: Call): Tensor[] {
    const outputs: Tensor[] = [];
    const node: Node = {
      operation: call.operation,
      inputs: call.inputs,
      outputs,
      changes: call.changes ?? [],
      flops: call.flops ?? 0,
      tunable: call.tunable,
      dispatches: (at) => call.dispatches(outputs, at, chosenTile(this.engine, call.tunable)),
      backward: call.backward,
    };
    for (const { shape, dtype = "f32" } of call.outputs) {
      outputs.push(new Tensor(this, shape, dtype, call.operation, node));
    }
    for (const tensor of call.inputs) {
      if (tensor.graph !== this) throw new Error(`${call.operation}: ${tensor.label} belongs to another graph`);
    }
    this.nodes.push(node);
    return outputs;
  }
}

/** The tuner's choice, as long as it is one of the tiles that may be chosen, else the first. */
function chosenTile({ tiles }: Engine, tunable?: Tunable): Tile | undefined {
  const wanted = tunable && tiles.get(tunable.key);
  return (wanted && tunable.tiles.find((tile) => sameTile(tile, wanted))) ?? tunable?.tiles[0];
}

function sameTile(one: Tile, other: Tile): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
