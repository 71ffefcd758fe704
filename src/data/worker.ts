/** The inside of a worker: does one job per message (see pool.ts) and answers when it is done. */
/// <reference lib="deno.worker" />
import { type Cut, cutPhotograph } from "./cut.ts";
import { drawPhotograph } from "./drawn/tree.ts";
import type { Job, Reply } from "./pool.ts";

async function work(job: Job): Promise<Cut[]> {
  const cuts: Cut[] = [];
  if (job.kind === "cut") {
    for (const source of job.sources) cuts.push(await cutPhotograph(job.root, source, job.settings));
  } else {
    for (const photograph of job.photographs) await drawPhotograph(job.root, photograph, job.settings);
  }
  return cuts;
}

self.onmessage = async ({ data }: MessageEvent<Job>) => {
  try {
    const cuts = await work(data);
    self.postMessage({ cuts } satisfies Reply, cuts.map(({ pixels }) => pixels.buffer));
  } catch (error) {
    const failure = error instanceof Error ? error.stack ?? error.message : String(error);
    self.postMessage({ failure } satisfies Reply);
  }
};
