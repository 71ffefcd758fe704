/** The workers that read, cut and draw photographs in parallel, and the protocol between them and us. */
import type { Cut, CutSettings } from "./cut.ts";
import type { DrawSettings } from "./drawn/tree.ts";
import type { Source } from "./readers/source.ts";

/** What a worker is asked to do; each message carries a batch, because a small photograph takes but a millisecond. */
export type Job =
  | { kind: "cut"; root: string; settings: CutSettings; sources: Source[] }
  | { kind: "draw"; root: string; settings: DrawSettings; photographs: number[] };

/** What it answers: a cut per source, or nothing for drawings; `failure` when the program itself is at fault. */
export type Reply = { cuts: Cut[] } | { failure: string };

/**
 * Runs the jobs on `workers` workers and hands over each reply, with its job's index, in whatever order they come.
 * @throws Error when a worker fails for a reason that is not a refusal.
 */
export async function runJobs(
  jobs: Job[],
  workers: number,
  receive: (cuts: Cut[], job: number) => Promise<void> | void,
): Promise<void> {
  let next = 0;
  const serve = async (): Promise<void> => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    try {
      while (next < jobs.length) {
        const index = next++;
        const reply = await ask(worker, jobs[index]);
        if ("failure" in reply) throw new Error(reply.failure);
        await receive(reply.cuts, index);
      }
    } catch (error) {
      next = jobs.length; // the others finish what they have and stop
      throw error;
    } finally {
      worker.terminate();
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(workers, jobs.length) }, serve));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

function ask(worker: Worker, job: Job): Promise<Reply> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Reply>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`a worker failed: ${event.message}`));
    };
    worker.postMessage(job);
  });
}

/** `items` in pieces of at most `size`. */
export function batches<T>(items: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
