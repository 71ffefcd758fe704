/** The definition of every kernel in kernels/. */
import { batchNorm } from "./batch_norm.ts";
import { classifier } from "./classifier.ts";
import { conv2d } from "./conv2d.ts";
import type { Definition } from "./definition.ts";
import { elementwise } from "./elementwise.ts";
import { images } from "./images.ts";

const definitions: Record<string, Definition> = { ...conv2d, ...batchNorm, ...classifier, ...images, ...elementwise };

/** Of a kernel by name; `conv2d/forward_naive` and other versions of a kernel have the definition of `conv2d/forward`. */
export function definitionOf(kernel: string): Definition {
  const definition = definitions[kernel] ?? definitions[kernel.replace(/_[^_/]+$/, "")];
  if (!definition) throw new Error(`src/bench/definitions says nothing about the kernel ${kernel}`);
  return definition;
}
