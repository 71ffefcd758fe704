/** Opening the engine: a device and its kernels. */
import { type DeviceOptions, Gpu } from "../gpu/device.ts";
import { KernelLibrary } from "../gpu/kernel.ts";
import type { Engine } from "./graph.ts";

export async function openEngine(options?: DeviceOptions): Promise<Engine> {
  return { gpu: await Gpu.open(options), kernels: new KernelLibrary(), tiles: new Map() };
}
