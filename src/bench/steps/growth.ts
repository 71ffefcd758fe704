/** Whether anything grows as training goes on. */
import type { Architecture } from "../../nn/network.ts";
import type { Engine } from "../../tensor/graph.ts";
import { exampleDefence } from "../cases.ts";
import { repeatedStep } from "./step.ts";

export interface Growth {
  steps: number;
  /** What the device holds after the last step beyond what it held after the first. */
  deviceBytes: number;
  deviceBuffers: number;
  /** The process's resident memory after the last step over that after a tenth of them. */
  resident: number;
}

/** Steps between two looks at the device, as in training, which asks for the loss now and then. */
const apart = 10;

/** mixup-KL steps, a multiple of a hundred. */
export async function measureGrowth(
  engine: Engine,
  architecture: Architecture,
  batch: number,
  steps: number,
  onSteps: (done: number) => void,
): Promise<Growth> {
  const { gpu } = engine;
  const step = await repeatedStep(engine, architecture, batch, exampleDefence("mixup-kl"));
  try {
    await step.run(1);
    const [bytes, buffers] = [gpu.allocatedBytes, gpu.allocatedBuffers];
    let early = 0;
    for (let done = 0; done < steps;) {
      await step.run(apart);
      done += apart;
      if (done === steps / 10) early = Deno.memoryUsage().rss;
      onSteps(done);
    }
    return {
      steps,
      deviceBytes: gpu.allocatedBytes - bytes,
      deviceBuffers: gpu.allocatedBuffers - buffers,
      resident: Deno.memoryUsage().rss / early,
    };
  } finally {
    step.free();
  }
}
