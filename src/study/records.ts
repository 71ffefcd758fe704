/** What is known of the steps that were done: by their hashes, whether one has to be done again. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { readText, sha256File, writeFileAtomic } from "../data/files.ts";
import { exists } from "../nn/run.ts";
import type { Step } from "./steps.ts";

const hash = z.string();
const recordSchema = z.object({
  settings: z.unknown(),
  /** Fingerprints of the steps it read, by name. */
  inputs: z.record(z.string(), hash),
  /** SHA-256 of its files, by path relative to the study's folder where they lie in it. */
  outputs: z.record(z.string(), hash),
});
type StepRecord = z.infer<typeof recordSchema>;

/** The records of a study's folder, one small file for each step, so that machines that share it do not meet. */
export class Records {
  readonly #fingerprints = new Map<string, string>();

  constructor(private readonly out: string) {}

  /**
   * Whether a step's files are there, unchanged, and made from these settings and from what its inputs are now.
   * Steps must be asked about in order.
   */
  async done(step: Step): Promise<boolean> {
    const record = await this.#read(step);
    if (!record || stable(record.settings) !== stable(step.settings)) return false;
    if (step.after.some((name) => !this.knows(name) || record.inputs[name] !== this.#fingerprints.get(name))) {
      return false;
    }
    for (const path of step.outputs) {
      if (!await exists(path) || record.outputs[this.#key(path)] !== await sha256File(path)) return false;
    }
    this.#fingerprints.set(step.name, fingerprint(record));
    return true;
  }

  /** Whether a step is known to be done. */
  knows(name: string): boolean {
    return this.#fingerprints.has(name);
  }

  /** Takes down that a step was done just now. */
  async add(step: Step): Promise<void> {
    const outputs: [string, string][] = [];
    for (const path of step.outputs) outputs.push([this.#key(path), await sha256File(path)]);
    const record: StepRecord = {
      settings: step.settings,
      inputs: Object.fromEntries(step.after.map((name) => [name, this.#fingerprints.get(name)!])),
      outputs: Object.fromEntries(outputs),
    };
    await Deno.mkdir(`${this.out}/steps`, { recursive: true });
    await writeFileAtomic(this.#file(step), JSON.stringify(record, null, 2) + "\n");
    this.#fingerprints.set(step.name, fingerprint(record));
  }

  async #read(step: Step): Promise<StepRecord | null> {
    const file = this.#file(step);
    if (!await exists(file)) return null;
    try {
      return recordSchema.parse(JSON.parse(await readText(file)));
    } catch {
      // A record nobody can read is as good as none: the step is done again.
      return null;
    }
  }

  #file(step: Step): string {
    return `${this.out}/steps/${step.name.replaceAll("/", "-")}.json`;
  }

  #key(path: string): string {
    return path.startsWith(`${this.out}/`) ? path.slice(this.out.length + 1) : path;
  }
}

function fingerprint({ outputs }: StepRecord): string {
  return createHash("sha256").update(stable(outputs)).digest("hex");
}

/** JSON with sorted keys: equal for equal values. */
function stable(value: unknown): string {
  return JSON.stringify(
    value,
    (_, inner) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => a < b ? -1 : 1))
        : inner,
  );
}
