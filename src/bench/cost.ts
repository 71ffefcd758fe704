/** What a kernel call costs on paper: bytes that must move, and its shapes for people to read. */
import { bytesPer } from "../gpu/dtype.ts";
import type { BufferView, Dispatch, Kernel } from "../gpu/kernel.ts";

/** A kernel call of which it does not matter yet where its buffers lie. */
export type Sketch = Omit<Dispatch, "bindings"> & { bindings: Record<string, Pick<BufferView, "dtype" | "length">> };

/** Bytes of one call: each buffer once, and twice where the kernel both reads and writes it. */
export function bytesOf({ kernel, bindings }: Sketch): number {
  return [...kernel.storage].reduce((total, [name, { writable }]) => {
    const ways = writable && readsBack(kernel, name) ? 2 : 1;
    return total + ways * bindings[name].length * bytesPer(bindings[name].dtype);
  }, 0);
}

/** Whether a kernel uses `name[…]` other than to assign to it. */
function readsBack({ source }: Kernel, name: string): boolean {
  const uses = source.matchAll(new RegExp(`\\b${name}\\[`, "g"));
  return [...uses].some(({ index }) => !/^\s*=[^=]/.test(source.slice(closing(source, index + name.length) + 1)));
}

/** Where the bracket that opens at `open` closes. */
function closing(source: string, open: number): number {
  let depth = 0;
  for (let i = open; i < source.length; i++) {
    if (source[i] === "[") depth++;
    if (source[i] === "]" && --depth === 0) return i;
  }
  throw new Error("a bracket never closes");
}

/** `x 8×32×32×4, w 64×3×3×4 → y 8×32×32×64`: what is read and what is written; vectors are left out beside matrices. */
export function shapesOf({ kernel, bindings, params, constants = {} }: Sketch): string {
  const all = [...kernel.storage].map(([name, { shape, writable }]) => {
    const sizes = shape.map((size) => /^\d+$/.test(size) ? size : params[size] ?? constants[size]);
    return { text: `${name} ${sizes.join("×")}`, rank: Math.min(sizes.length, bindings[name].length), writable };
  });
  const rank = Math.min(2, Math.max(...all.map(({ rank }) => rank)));
  const side = (written: boolean) => all.filter((one) => one.writable === written && one.rank >= rank);
  return [side(false), side(true)].map((part) => part.map(({ text }) => text).join(", ")).filter(Boolean).join(" → ");
}
