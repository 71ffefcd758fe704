/** Kernel calls made ready to run: pipelines compiled, arguments checked and bound, grids counted. */
import { BufferUsage } from "./dawn.ts";
import type { Gpu } from "./device.ts";
import { bytesPer } from "./dtype.ts";
import type { Dispatch } from "./kernel.ts";

/** One kernel call, ready to run any number of times. */
export interface KernelCall {
  dispatch: Dispatch;
  pipeline: GPUComputePipeline;
  bindGroup: GPUBindGroup;
  workgroups: [number, number, number];
}

/** Records calls in order; their uniform structs share `uniforms`, which whoever asked frees. */
export async function record(
  gpu: Gpu,
  dispatches: readonly Dispatch[],
): Promise<{ calls: KernelCall[]; uniforms: GPUBuffer | null }> {
  const { buffer: uniforms, offsets } = packUniforms(gpu, dispatches);
  const calls = await Promise.all(dispatches.map(async (dispatch, index): Promise<KernelCall> => ({
    dispatch,
    pipeline: await dispatch.kernel.pipeline(gpu, dispatch.constants),
    bindGroup: bind(gpu, dispatch, uniforms, offsets[index]),
    workgroups: workgroupsOf(gpu, dispatch),
  }))).catch((error) => {
    if (uniforms) gpu.free(uniforms);
    throw error;
  });
  return { calls, uniforms };
}

/** Adds a call to a pass. */
export function encode(pass: GPUComputePassEncoder, { pipeline, bindGroup, workgroups }: KernelCall): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...workgroups);
}

/** Submits calls in one pass; each sees what those before it have written. */
export function submit({ device }: Gpu, calls: readonly KernelCall[]): void {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (const call of calls) encode(pass, call);
  pass.end();
  device.queue.submit([encoder.finish()]);
}

/** All uniform structs in one buffer. */
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
  const buffer = gpu.allocate("parameters of kernels", end, BufferUsage.UNIFORM | BufferUsage.COPY_DST);
  gpu.device.queue.writeBuffer(buffer, 0, data);
  return { buffer, offsets };
}

function bind(gpu: Gpu, dispatch: Dispatch, uniforms: GPUBuffer | null, offset: number): GPUBindGroup {
  const { kernel, bindings } = dispatch;
  kernel.check(dispatch);
  // Up to the end of the last vec4, so that kernels can take four elements at a time whatever the length.
  const entries: GPUBindGroupEntry[] = [...kernel.storage].map(([name, { index }]) => {
    const { buffer, offset, length, dtype } = bindings[name];
    return { binding: index, resource: { buffer, offset, size: 16 * Math.ceil(length * bytesPer(dtype) / 16) } };
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
