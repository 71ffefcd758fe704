/** One kernel call on buffers of random values, held against its definition before anything is timed. */
import { UserError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import { arrays, bytesPer, type DType, type Elements } from "../gpu/dtype.ts";
import type { BufferView } from "../gpu/kernel.ts";
import { type KernelCall, record, submit } from "../gpu/record.ts";
import { Random } from "../random.ts";
import type { Sketch } from "./cost.ts";
import { definitionOf } from "./definitions/index.ts";
import type { Sizes, Values } from "./definitions/definition.ts";

/**
 * ‖kernel − definition‖₂ / ‖definition‖₂ above this is a fault: sums of 10⁵ f32 products stay well below; a result that is
 * rounded to f16 is off by 2⁻¹¹ at most.
 */
const tolerance = { f32: 1e-4, f16: 2 ** -11 };
/** Distinct random values per tensor; larger ones repeat them, with a prime period that fits no shape. */
const period = 65_537;

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
      const data = drawn(dtype, length, (i) => draw(random, sizes, i));
      const buffer = gpu.allocate(name, length * bytesPer(dtype));
      gpu.write(buffer, 0, data);
      values[name] = data;
      bindings[name] = { buffer, dtype, offset: 0, length };
    }
    const { calls: [call], uniforms } = await gpu.guarded(kernel.name, () => record(gpu, [{ ...wanted, bindings }]));
    if (uniforms) bindings["parameters"] = { buffer: uniforms, dtype: "u32", offset: 0, length: 0 };
    submit(gpu, [call]);
    let [difference, norm, compared] = [0, 0, 0];
    let rounded = false;
    for (const [name, { writable }] of kernel.storage) {
      if (!writable) continue;
      const { buffer, dtype, length } = bindings[name];
      const found: Elements = new arrays[dtype](await gpu.read(buffer, 0, length * bytesPer(dtype)));
      rounded ||= dtype === "f16";
      for (const index of positions(found.length, sample)) {
        const expected = definition.outputs[name](index, values, sizes);
        difference += (found[index] - expected) ** 2;
        norm += expected ** 2;
        compared++;
      }
    }
    const error = difference === 0 ? 0 : Math.sqrt(difference / norm);
    if (!(error <= tolerance[rounded ? "f16" : "f32"])) {
      throw new UserError(`${kernel.label} is wrong: its values are off by ${error.toExponential(1)} of their size.`);
    }
    return { call, error, compared, free };
  } catch (error) {
    free();
    throw error;
  }
}

/** Values for a tensor: each drawn, or in a large one repeated. */
export function drawn(dtype: DType, length: number, draw: (index: number) => number): Elements {
  const data = new arrays[dtype](length);
  for (let i = 0; i < length; i++) data[i] = i < period ? draw(i) : data[i - period];
  return data;
}

/** `count` indices below `length`, in order, both ends among them; all where there are no more. */
function positions(length: number, count: number): number[] {
  if (length <= count) return Array.from({ length }, (_, i) => i);
  const random = new Random(1, "positions");
  return [0, length - 1, ...Array.from({ length: count - 2 }, () => random.integer(length))];
}
