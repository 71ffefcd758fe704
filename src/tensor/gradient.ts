/** Reverse-mode differentiation: the backward pass is more nodes of the same graph. */
import { add } from "../ops/add.ts";
import { fill } from "../ops/fill.ts";
import type { Tensor } from "./graph.ts";

/**
 * Adds the nodes that compute the gradients of Σ upstream·y with respect to each tensor of `wanted`.
 *
 * @param y any tensor, such as a scalar loss or one loss per image
 * @param upstream the shape of `y`; ones by default
 * @returns a tensor per entry of `wanted`, of its shape
 * @throws where `y` does not depend on an entry of `wanted`, or only through something without a gradient
 */
export function gradient(y: Tensor, wanted: readonly Tensor[], upstream?: Tensor): Tensor[] {
  return gradientSummands(y, wanted, upstream).map(sum);
}

/** The same as lists of what is to be summed up: a summand per use of a tensor, one where the gradient goes on through it. */
export function gradientSummands(y: Tensor, wanted: readonly Tensor[], upstream?: Tensor): Tensor[][] {
  if (upstream && upstream.length !== y.length) {
    throw new Error(`gradient: an upstream of [${upstream.shape}] for ${y.label} of [${y.shape}]`);
  }
  const { nodes } = y.graph;
  const depends = new Set<Tensor>(wanted);
  for (const node of nodes) {
    if (node.backward && node.inputs.some((input) => depends.has(input))) node.outputs.forEach((t) => depends.add(t));
  }

  const summands = new Map<Tensor, Tensor[]>([[y, [upstream ?? fill(y.graph, y.shape, 1)]]]);
  // Nodes added below lie behind `last` and are never differentiated here.
  const last = nodes.length;
  for (let index = last - 1; index >= 0; index--) {
    const node = nodes[index];
    if (!node.backward || !node.inputs.some((input) => depends.has(input))) continue;
    const incoming = node.outputs.map((output) => {
      const parts = summands.get(output);
      if (!parts) return undefined;
      const total = sum(parts);
      summands.set(output, [total]);
      return total;
    });
    if (incoming.every((gradient) => gradient === undefined)) continue;
    node.backward(incoming).forEach((contribution, i) => {
      const input = node.inputs[i];
      if (!contribution || !depends.has(input)) return;
      const parts = summands.get(input);
      if (parts) parts.push(contribution);
      else summands.set(input, [contribution]);
    });
  }

  return wanted.map((tensor) => {
    const parts = summands.get(tensor);
    if (!parts) throw new Error(`gradient: ${y.label} does not depend on ${tensor.label}`);
    return parts;
  });
}

const sum = (parts: readonly Tensor[]) => parts.reduce((total, part) => add(total, part));
