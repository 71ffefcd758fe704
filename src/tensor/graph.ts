/**
 * The graph: an eager-looking function is run once on shapes and leaves nodes in the order it called them. Nothing is
 * computed here; `compile` (plan.ts) turns the nodes into a plan that is replayed.
 */
import type { BufferView, Dispatch, DType } from "../gpu/kernel.ts";
import type { Gpu } from "../gpu/device.ts";
import type { KernelLibrary } from "../gpu/kernel.ts";

/** What tracing needs of its surroundings: the device, for limits and tile choices, and its kernels. */
export interface Engine {
  gpu: Gpu;
  kernels: KernelLibrary;
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
  /** The kernel calls, given where every tensor lies. */
  dispatches(at: (tensor: Tensor) => BufferView): Dispatch[];
  /** Adds the nodes of the reverse pass; a result per input, undefined where no gradient flows. */
  backward?(upstream: Upstream): (Tensor | undefined)[];
}

/** What an operation states about one call of itself. */
export interface Call extends Partial<Pick<Node, "changes" | "flops" | "backward">> {
  operation: string;
  inputs: readonly Tensor[];
  outputs: readonly { shape: readonly number[]; dtype?: DType }[];
  dispatches(outputs: Tensor[], at: (tensor: Tensor) => BufferView): Dispatch[];
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
      dispatches: (at) => call.dispatches(outputs, at),
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
