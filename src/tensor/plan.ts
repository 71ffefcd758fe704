/**
 * A plan: the graph's nodes as a flat list of recorded kernel calls over buffers shared by liveness. It is compiled
 * once and replayed many times: one encoder, one pass, one submit per run.
 */
import type { Gpu } from "../gpu/device.ts";
import { arrays, bytesPer, type Elements } from "../gpu/dtype.ts";
import type { BufferView } from "../gpu/kernel.ts";
import { type KernelCall, record, submit } from "../gpu/record.ts";
import type { Graph, Node, Tensor } from "./graph.ts";
import { assignBuffers, type Lifetime, type Place } from "./memory.ts";

/** One recorded kernel call and the node it belongs to. */
export interface Step extends KernelCall {
  node: Node;
}

/** A tensor in a buffer it shares with others, alive from the node that writes it to the last that reads it. */
export interface Tenancy extends Place {
  label: string;
  bytes: number;
  from: number;
  to: number;
}

export interface MemoryPlan {
  /** The most bytes of intermediate values alive at once: no plan can need less. */
  lowerBound: number;
  /** Bytes of the buffers that hold them, and of each. */
  allocated: number;
  sizes: readonly number[];
  tenancies: readonly Tenancy[];
}

export class Plan {
  constructor(
    readonly gpu: Gpu,
    readonly steps: readonly Step[],
    readonly memory: MemoryPlan,
    private readonly views: ReadonlyMap<Tensor, BufferView>,
    private readonly owned: readonly GPUBuffer[],
  ) {}

  /** Writes an input tensor; takes effect for the runs that follow. */
  write(tensor: Tensor, data: Elements): void {
    const view = this.view(tensor);
    if (data.length !== view.length) {
      throw new Error(`${tensor.label} has ${view.length} elements, ${data.length} were given`);
    }
    if (!(data instanceof arrays[view.dtype])) {
      throw new Error(`${tensor.label} holds ${view.dtype}, a ${data.constructor.name} was given`);
    }
    this.gpu.write(view.buffer, view.offset, data);
  }

  /** Submits one run of all steps. */
  run(): void {
    submit(this.gpu, this.steps);
  }

  /** Reads an output of f32 or f16 after the runs submitted so far. */
  async read(tensor: Tensor): Promise<Float32Array<ArrayBuffer>> {
    const { buffer, offset, length, dtype } = this.view(tensor);
    if (dtype !== "f32" && dtype !== "f16") throw new Error(`${tensor.label} holds ${dtype}, not f32`);
    const bytes = await this.gpu.read(buffer, offset, length * bytesPer(dtype));
    return dtype === "f32" ? new Float32Array(bytes) : Float32Array.from(new Float16Array(bytes));
  }

  view(tensor: Tensor): BufferView {
    const view = tensor.place ?? this.views.get(tensor);
    if (!view) throw new Error(`${tensor.label} is no input or output of this plan`);
    return view;
  }

  /** Frees the plan's own buffers; those of parameters and data sets stay. */
  free(): void {
    for (const buffer of this.owned) this.gpu.free(buffer);
  }
}

/** Compiles all that `outputs` and the graph's changes of state depend on; the rest of the graph is left out. */
export async function compile(graph: Graph, outputs: readonly Tensor[]): Promise<Plan> {
  const { gpu } = graph.engine;
  const nodes = neededNodes(graph, outputs);
  await graph.engine.tune?.(nodes);
  const views = new Map<Tensor, BufferView>();
  const owned: GPUBuffer[] = [];
  try {
    return await gpu.guarded("compiling a plan", async () => {
      const memory = placeTensors(graph, nodes, outputs, views, owned);
      const at = (tensor: Tensor): BufferView => {
        const view = tensor.place ?? views.get(tensor);
        if (!view) throw new Error(`${tensor.label} has no memory`);
        return view;
      };
      const wanted = nodes.flatMap((node) => node.dispatches(at).map((dispatch) => ({ node, dispatch })));
      const { calls, uniforms } = await record(gpu, wanted.map(({ dispatch }) => dispatch));
      if (uniforms) owned.push(uniforms);
      const steps = calls.map((call, i): Step => ({ ...call, node: wanted[i].node }));
      // What the others' buffers hold after a run is whatever shared them last.
      const lasting = [...new Set([...graph.inputs, ...outputs])].filter((tensor) => !tensor.place);
      return new Plan(gpu, steps, memory, new Map(lasting.map((tensor) => [tensor, at(tensor)])), owned);
    });
  } catch (error) {
    for (const buffer of owned) gpu.free(buffer);
    throw error;
  }
}

function neededNodes(graph: Graph, outputs: readonly Tensor[]): Node[] {
  const needed = new Set<Tensor>(outputs);
  const kept: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (node.changes.length === 0 && !node.outputs.some((output) => needed.has(output))) continue;
    node.inputs.forEach((input) => needed.add(input));
    kept.push(node);
  }
  return kept.reverse();
}

/** Gives inputs and outputs a buffer each and lets the other tensors share; returns what that took. */
function placeTensors(
  graph: Graph,
  nodes: readonly Node[],
  outputs: readonly Tensor[],
  views: Map<Tensor, BufferView>,
  owned: GPUBuffer[],
): MemoryPlan {
  const { gpu } = graph.engine;
  const own = (label: string, bytes: number): GPUBuffer => {
    const buffer = gpu.allocate(label, bytes);
    owned.push(buffer);
    return buffer;
  };
  const place = (tensor: Tensor, buffer: GPUBuffer, offset: number) =>
    views.set(tensor, { buffer, dtype: tensor.dtype, offset, length: tensor.length });

  for (const tensor of [...graph.inputs, ...outputs]) {
    if (!tensor.place && !views.has(tensor)) place(tensor, own(tensor.label, tensor.bytes), 0);
  }
  const lifetimes = new Map<Tensor, Lifetime & { uses: number[] }>();
  nodes.forEach((node, time) => {
    for (const tensor of node.outputs) {
      if (!tensor.place && !views.has(tensor)) {
        lifetimes.set(tensor, { bytes: tensor.bytes, uses: [time] });
      }
    }
    for (const tensor of new Set(node.inputs)) lifetimes.get(tensor)?.uses.push(time);
  });
  const { places, sizes, lowerBound } = assignBuffers([...lifetimes.values()]);
  const buffers = sizes.map((bytes, index) => own(`activations ${index}`, bytes));
  [...lifetimes.keys()].forEach((tensor, i) => place(tensor, buffers[places[i].buffer], places[i].offset));
  return {
    lowerBound,
    allocated: sizes.reduce((sum, size) => sum + size, 0),
    sizes,
    tenancies: [...lifetimes].map(([{ label }, { bytes, uses }], i) => {
      return { label, bytes, from: uses[0], to: uses[uses.length - 1], ...places[i] };
    }),
  };
}
