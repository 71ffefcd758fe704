/** Times kernel calls on the device, each in a pass of its own between two timestamps. */
import { BufferUsage } from "./dawn.ts";
import type { Gpu } from "./device.ts";
import { encode, type KernelCall } from "./record.ts";

/** Milliseconds on the device's clock. */
export interface Span {
  begin: number;
  end: number;
}

/** Query sets hold at most 4,096 queries. */
const perSet = 2048;

/** Runs `calls` once, in order, and says when each ran. Needs the feature `timestamp-query`. */
export async function profile(gpu: Gpu, calls: readonly KernelCall[]): Promise<Span[]> {
  const { device } = gpu;
  const spans: Span[] = [];
  for (let start = 0; start < calls.length; start += perSet) {
    const part = calls.slice(start, start + perSet);
    const querySet = device.createQuerySet({ type: "timestamp", count: part.length * 2 });
    const usage = BufferUsage.QUERY_RESOLVE | BufferUsage.COPY_SRC;
    const resolved = gpu.allocate("timestamps", part.length * 16, usage);
    const encoder = device.createCommandEncoder();
    part.forEach((call, i) => {
      const pass = encoder.beginComputePass({
        timestampWrites: { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 },
      });
      encode(pass, call);
      pass.end();
    });
    encoder.resolveQuerySet(querySet, 0, part.length * 2, resolved, 0);
    device.queue.submit([encoder.finish()]);
    const stamps = [...new BigInt64Array(await gpu.read(resolved))].map((stamp) => Number(stamp) / 1e6);
    part.forEach((_, i) => spans.push({ begin: stamps[2 * i], end: stamps[2 * i + 1] }));
    gpu.free(resolved);
    querySet.destroy();
  }
  return spans;
}
