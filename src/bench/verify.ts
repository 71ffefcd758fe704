/** One kernel call on buffers of random values, held against its definition before anything is timed. */
import { UserError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import type { BufferView, DType } from "../gpu/kernel.ts";
import { type KernelCall, record, submit } from "../gpu/record.ts";
import { Random } from "../random.ts";
import type { Sketch } from "./cost.ts";
import { definitionOf } from "./definitions/index.ts";
import type { Sizes, Values } from "./definitions/definition.ts";

/** ‖kernel − definition‖₂ / ‖definition‖₂ above this is a fault: sums of 10⁵ f32 products stay well below. */
const tolerance = 1e-4;
/** Distinct random values per tensor; larger ones repeat them, with a prime period that fits no shape. */
const period = 65_537;

const arrays = { f32: Float32Array, u32: Uint32Array, i32: Int32Array };
type Numbers = InstanceType<typeof arrays[DType]>;

export interface VerifiedCall {
  call: KernelCall;
  /** Relative error of the values compared, and how many they were. */
  error: number;
  compared: number;
  free(): void;
}

/**
 * Gives a call buffers of its own, runs it once and compares `sample` values of each output, the first and the last
 * among them, with the kernel's definition. Outputs hold random values before, so one left unwritten is noticed.
 * @throws UserError where they differ
 */
export async function verify(gpu: Gpu, wanted: Sketch, sample = 64): Promise<VerifiedCall> {
  const { kernel, params, constants } = wanted;
  const definition = definitionOf(kernel.name);
  const sizes: Sizes = { ...params, ...constants };
  const values: Values = {};
  const bindings: Record<string, BufferView> = {};
  const free = () => Object.values(bindings).forEach(({ buffer }) => gpu.free(buffer));
  try {
    for (const [name, { dtype, length }] of Object.entries(wanted.bindings)) {
      const random = new Random(1, `bench ${kernel.name} ${name}`);
      const draw = definition.inputs?.[name] ?? ((random: Random) => random.normal());
      const data = new arrays[dtype](length);
      for (let i = 0; i < length; i++) data[i] = i < period ? draw(random, sizes, i) : data[i - period];
      const buffer = gpu.allocate(name, length * 4);
      gpu.device.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>);
      values[name] = data;
      bindings[name] = { buffer, dtype, offset: 0, length };
    }
    const { calls: [call], uniforms } = await gpu.guarded(kernel.name, () => record(gpu, [{ ...wanted, bindings }]));
    if (uniforms) bindings["parameters"] = { buffer: uniforms, dtype: "u32", offset: 0, length: 0 };
    submit(gpu, [call]);
    let [difference, norm, compared] = [0, 0, 0];
    for (const [name, { writable }] of kernel.storage) {
      if (!writable) continue;
      const found: Numbers = new arrays[bindings[name].dtype](
        await gpu.read(bindings[name].buffer, 0, bindings[name].length * 4),
      );
      for (const index of positions(found.length, sample)) {
        const expected = definition.outputs[name](index, values, sizes);
        difference += (found[index] - expected) ** 2;
        norm += expected ** 2;
        compared++;
      }
    }
    const error = difference === 0 ? 0 : Math.sqrt(difference / norm);
    if (!(error <= tolerance)) {
      throw new UserError(`${kernel.name} is wrong: its values are off by ${error.toExponential(1)} of their size.`);
    }
    return { call, error, compared, free };
  } catch (error) {
    free();
    throw error;
  }
}

/** `count` indices below `length`, in order, both ends among them; all where there are no more. */
function positions(length: number, count: number): number[] {
  if (length <= count) return Array.from({ length }, (_, i) => i);
  const random = new Random(1, "positions");
  return [0, length - 1, ...Array.from({ length: count - 2 }, () => random.integer(length))];
}
