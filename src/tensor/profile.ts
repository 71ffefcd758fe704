/** Times every step of a plan on the device, each in a pass of its own between two timestamps. */
import { BufferUsage } from "../gpu/dawn.ts";
import type { Plan } from "./plan.ts";

/** Milliseconds per step of one run, in the plan's order. Needs the feature `timestamp-query`. */
export async function profile(plan: Plan): Promise<number[]> {
  const { device } = plan.gpu;
  // Query sets hold at most 4,096 queries.
  const perSet = 2048;
  const times: number[] = [];
  for (let start = 0; start < plan.steps.length; start += perSet) {
    const steps = plan.steps.slice(start, start + perSet);
    const querySet = device.createQuerySet({ type: "timestamp", count: steps.length * 2 });
    const resolved = device.createBuffer({
      size: steps.length * 16,
      usage: BufferUsage.QUERY_RESOLVE | BufferUsage.COPY_SRC,
    });
    const encoder = device.createCommandEncoder();
    steps.forEach(({ pipeline, bindGroup, workgroups }, i) => {
      const pass = encoder.beginComputePass({
        timestampWrites: { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 },
      });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...workgroups);
      pass.end();
    });
    encoder.resolveQuerySet(querySet, 0, steps.length * 2, resolved, 0);
    device.queue.submit([encoder.finish()]);
    const stamps = new BigInt64Array(await plan.gpu.read(resolved));
    for (let i = 0; i < steps.length; i++) times.push(Number(stamps[2 * i + 1] - stamps[2 * i]) / 1e6);
    resolved.destroy();
    querySet.destroy();
  }
  return times;
}
