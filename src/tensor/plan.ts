/**
 * A plan: the graph's nodes as a flat list of recorded kernel calls over buffers shared by liveness. It is compiled
 * once and replayed many times: one encoder, one pass, one submit per run.
 */
import { BufferUsage } from "../gpu/dawn.ts";
import type { Gpu } from "../gpu/device.ts";
import type { BufferView, Dispatch } from "../gpu/kernel.ts";
import type { Graph, Node, Tensor } from "./graph.ts";
import { assignBuffers, type Lifetime } from "./memory.ts";

/** One recorded kernel call. */
export interface Step {
  label: string;
  pipeline: GPUComputePipeline;
  bindGroup: GPUBindGroup;
  workgroups: [number, number, number];
  node: Node;
}

export class Plan {
  constructor(
    readonly gpu: Gpu,
    readonly steps: readonly Step[],
    /** The most bytes of intermediate values alive at once, and the bytes of the buffers that hold them. */
    readonly memory: { lowerBound: number; allocated: number },
    private readonly views: ReadonlyMap<Tensor, BufferView>,
    private readonly owned: readonly GPUBuffer[],
  ) {}

  /** Writes an input tensor; takes effect for the runs that follow. */
  write(tensor: Tensor, data: Float32Array | Uint32Array | Int32Array): void {
    const view = this.view(tensor);
    if (data.length !== view.length) {
      throw new Error(`${tensor.label} has ${view.length} elements, ${data.length} were given`);
    }
    const given = data instanceof Float32Array ? "f32" : data instanceof Uint32Array ? "u32" : "i32";
    if (given !== view.dtype) throw new Error(`${tensor.label} holds ${view.dtype}, ${given} was given`);
    this.gpu.device.queue.writeBuffer(view.buffer, view.offset, data as Float32Array<ArrayBuffer>);
  }

  /** Submits one run of all steps. */
  run(): void {
    const encoder = this.gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const { pipeline, bindGroup, workgroups } of this.steps) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...workgroups);
    }
    pass.end();
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  /** Reads an f32 output after the runs submitted so far. */
  async read(tensor: Tensor): Promise<Float32Array<ArrayBuffer>> {
    const { buffer, offset, length, dtype } = this.view(tensor);
    if (dtype !== "f32") throw new Error(`${tensor.label} holds ${dtype}, not f32`);
    return new Float32Array(await this.gpu.read(buffer, offset, length * 4));
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
      const calls = nodes.flatMap((node) => node.dispatches(at).map((dispatch) => ({ node, dispatch })));
      const uniforms = packUniforms(gpu, calls.map(({ dispatch }) => dispatch));
      if (uniforms.buffer) owned.push(uniforms.buffer);
      const steps = await Promise.all(calls.map(async ({ node, dispatch }, index): Promise<Step> => ({
        label: dispatch.kernel.name,
        pipeline: await dispatch.kernel.pipeline(gpu, dispatch.constants),
        bindGroup: bind(gpu, dispatch, uniforms.buffer, uniforms.offsets[index]),
        workgroups: workgroupsOf(gpu, dispatch),
        node,
      })));
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
): { lowerBound: number; allocated: number } {
  const { gpu } = graph.engine;
  const own = (label: string, bytes: number): GPUBuffer => {
    const buffer = gpu.allocate(label, bytes);
    owned.push(buffer);
    return buffer;
  };
  const wholly = (tensor: Tensor, buffer: GPUBuffer) =>
    views.set(tensor, { buffer, dtype: tensor.dtype, offset: 0, length: tensor.length });

  for (const tensor of [...graph.inputs, ...outputs]) {
    if (!tensor.place && !views.has(tensor)) wholly(tensor, own(tensor.label, tensor.length * 4));
  }
  const lifetimes = new Map<Tensor, Lifetime>();
  nodes.forEach((node, time) => {
    for (const tensor of node.outputs) {
      if (!tensor.place && !views.has(tensor)) {
        lifetimes.set(tensor, { bytes: tensor.length * 4, from: time, to: time });
      }
    }
    for (const tensor of node.inputs) {
      const life = lifetimes.get(tensor);
      if (life) life.to = time;
    }
  });
  const assignment = assignBuffers([...lifetimes.values()]);
  const buffers = assignment.sizes.map((bytes, index) => own(`activations ${index}`, bytes));
  [...lifetimes.keys()].forEach((tensor, index) => wholly(tensor, buffers[assignment.buffer[index]]));
  return { lowerBound: assignment.lowerBound, allocated: assignment.sizes.reduce((sum, size) => sum + size, 0) };
}

/** All uniform structs of a plan in one buffer. */
function packUniforms(gpu: Gpu, dispatches: readonly Dispatch[]): { buffer: GPUBuffer | null; offsets: number[] } {
  const alignment = Math.max(16, gpu.device.limits.minUniformBufferOffsetAlignment);
  let end = 0;
  const offsets = dispatches.map(({ kernel }) => {
    const offset = end;
    end += Math.ceil((kernel.uniform?.size ?? 0) / alignment) * alignment;
    return offset;
  });
  if (end === 0) return { buffer: null, offsets };
  const data = new Uint8Array(end);
  dispatches.forEach(({ kernel, params }, i) => data.set(new Uint8Array(kernel.packParams(params)), offsets[i]));
  const buffer = gpu.allocate("parameters of a plan", end, BufferUsage.UNIFORM | BufferUsage.COPY_DST);
  gpu.device.queue.writeBuffer(buffer, 0, data);
  return { buffer, offsets };
}

function bind(gpu: Gpu, dispatch: Dispatch, uniforms: GPUBuffer | null, offset: number): GPUBindGroup {
  const { kernel, bindings } = dispatch;
  kernel.check(dispatch);
  const entries: GPUBindGroupEntry[] = [...kernel.storage].map(([name, { index }]) => {
    const { buffer, offset, length } = bindings[name];
    return { binding: index, resource: { buffer, offset, size: length * 4 } };
  });
  if (kernel.uniform && uniforms) {
    entries.push({ binding: kernel.uniform.index, resource: { buffer: uniforms, offset, size: kernel.uniform.size } });
  }
  return gpu.device.createBindGroup({ label: kernel.name, layout: kernel.layout(gpu), entries });
}

/** Whole workgroups for the threads wanted. A one-dimensional grid over the limit is folded into y where the kernel can. */
function workgroupsOf(gpu: Gpu, { kernel, threads }: Dispatch): [number, number, number] {
  const limit = gpu.device.limits.maxComputeWorkgroupsPerDimension;
  let [x, y, z] = kernel.workgroupSize.map((size, axis) => Math.ceil((threads[axis] ?? 1) / size));
  if (x > limit && y === 1 && kernel.folds) {
    y = Math.ceil(x / limit);
    x = Math.ceil(x / y);
  }
  if (Math.max(x, y, z) > limit) throw new Error(`kernel ${kernel.name}: a grid of ${x}×${y}×${z} workgroups`);
  return [x, y, z];
}
