/** Opening the engine: a device and its kernels. */
import { type DeviceOptions, Gpu } from "../gpu/device.ts";
import { KernelLibrary } from "../gpu/kernel.ts";
import type { Engine } from "./graph.ts";

export async function openEngine(options?: DeviceOptions): Promise<Engine> {
  const gpu = await Gpu.open(options);
  return { gpu, kernels: new KernelLibrary(gpu.matrices?.edge), tiles: new Map() };
}
