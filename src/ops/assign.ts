/** State: writing a computed value where it outlives the plan. */
import type { Tensor } from "../tensor/graph.ts";

/** Copies `value` into `destination`, a tensor with a place of its own, at this point of the trace. */
export function assign(destination: Tensor, value: Tensor): void {
  if (!destination.place) throw new Error(`assign: ${destination.label} has no place of its own`);
  const { length } = value;
  value.graph.add({
    operation: "assign",
    inputs: [value],
    outputs: [],
    changes: [destination],
    dispatches: (_, at) => [{
      kernel: value.graph.engine.kernels.get("assign/forward"),
      bindings: { value: at(value), destination: at(destination) },
      params: { length },
      threads: [Math.ceil(length / 4)],
    }],
  });
}
