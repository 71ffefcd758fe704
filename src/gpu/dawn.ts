/** The one place that touches npm `webgpu` (Dawn), which ships without types. */
import { create as untypedCreate, globals as untypedGlobals } from "webgpu";
import { useUnpackedDriver } from "./driver.ts";

const globals: {
  GPUBufferUsage: typeof GPUBufferUsage;
  GPUMapMode: typeof GPUMapMode;
  GPUShaderStage: typeof GPUShaderStage;
} = untypedGlobals as never;
const { GPUBufferUsage: BufferUsage, GPUMapMode: MapMode, GPUShaderStage: ShaderStage } = globals;
export { BufferUsage, MapMode, ShaderStage };

/** Dawn lives as long as the object its `create` returned: dropping it while a device is open crashes the process. */
const alive: GPU[] = [];

/**
 * While a promise of Dawn's is pending it asks the device for news from `setImmediate`, again and again: a whole core
 * spent asking, which a software adapter needs for the kernels (measured on 2 cores: a convolution took 5 times as
 * long). A timer of a millisecond asks often enough.
 */
function askLessOften(): void {
  const later = (callback: (...args: unknown[]) => void, ...args: unknown[]) => setTimeout(callback, 1, ...args);
  Object.assign(globalThis, { setImmediate: later });
}

/** Starts Dawn with flags such as `adapter=NAME` or `enable-dawn-features=…`. */
export function startDawn(flags: string[]): GPU {
  useUnpackedDriver();
  askLessOften();
  const dawn: GPU = untypedCreate(flags);
  alive.push(dawn);
  return dawn;
}

/** Lets code written for browsers find the Dawn opened last: the frameworks we measure ourselves against, and only they. */
export function offerDawn(): void {
  const navigator = { gpu: alive[alive.length - 1], userAgent: "node" };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  Object.assign(globalThis, globals);
}
