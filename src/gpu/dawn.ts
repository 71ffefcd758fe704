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

/** Starts Dawn with flags such as `adapter=NAME` or `enable-dawn-features=…`. */
export function startDawn(flags: string[]): GPU {
  useUnpackedDriver();
  const dawn: GPU = untypedCreate(flags);
  alive.push(dawn);
  return dawn;
}
