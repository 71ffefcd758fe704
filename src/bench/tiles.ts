/** The tiles the tuner has chosen, kept from one process to the next in a file a person can read. */
import { z } from "zod";
import { sha256File, writeFileAtomic } from "../data/files.ts";
import type { Gpu } from "../gpu/device.ts";
import { openEngine } from "../tensor/engine.ts";
import type { Engine } from "../tensor/graph.ts";
import { tuneNode, type Tuning } from "./tune.ts";

const cacheSchema = z.object({
  format: z.literal("superpose-tiles"),
  version: z.literal(1),
  adapter: z.string(),
  /** SHA-256 of every kernel that was tuned: what was measured with other sources counts for nothing. */
  kernels: z.record(z.string(), z.string()),
  nodes: z.record(
    z.string(),
    z.object({ tile: z.record(z.string(), z.number()), tried: z.number(), gain: z.number() }),
  ),
});
type Cache = z.infer<typeof cacheSchema>;

export interface TunedOptions {
  adapter?: string;
  /** `--no-tune`: whether to look beyond the repository's tiles at all. */
  tune: boolean;
  /** Whether to tune what is not in the cache; by default on a GPU only, since a processor compiles slowly. */
  search?: boolean;
  onTuning?: (tuning: Tuning) => void;
}

/** Opens the engine with the tiles in the cache; nodes that are missing there are tuned before they are compiled. */
export async function openTuned({ adapter, tune, search, onTuning }: TunedOptions): Promise<Engine> {
  const engine = await openEngine({ adapter });
  if (!tune) return engine;
  const path = cachePath(engine.gpu);
  const cache = await readCache(path, engine.gpu.name);
  for (const [key, { tile }] of Object.entries(cache.nodes)) engine.tiles.set(key, tile);
  if (!(search ?? !engine.gpu.software)) return engine;

  engine.tune = async (nodes) => {
    const missing = new Map(nodes.flatMap((node) => {
      const { key, tiles } = node.tunable ?? { key: "", tiles: [] };
      return tiles.length > 1 && !engine.tiles.has(key) ? [[key, node] as const] : [];
    }));
    for (const [key, node] of missing) {
      const tuning = await tuneNode(engine, node);
      const { tile, tried, gain } = tuning;
      engine.tiles.set(key, tile);
      cache.nodes[key] = { tile, tried, gain };
      cache.kernels[kernelOf(key)] ??= await hashOf(kernelOf(key));
      onTuning?.(tuning);
    }
    // Where the cache cannot be kept, the next process tunes again: no reason to stop this one.
    if (missing.size > 0) await writeCache(path, cache).catch(() => {});
  };
  return engine;
}

const kernelOf = (key: string) => key.split(" ")[0];
const hashOf = (kernel: string) =>
  sha256File(decodeURIComponent(new URL(`../../kernels/${kernel}.wgsl`, import.meta.url).pathname));

/** In the user's folder for caches, a file per adapter. */
export function cachePath(gpu: Gpu): string {
  const caches = Deno.env.get("XDG_CACHE_HOME") ||
    `${Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE") ?? "."}/.cache`;
  return `${caches}/superpose/tiles-${gpu.name.replaceAll(/[^\w.]+/g, "-").replaceAll(/^-|-$/g, "")}.json`;
}

/** What is in the cache and still holds; a file that cannot be read is as good as none. */
async function readCache(path: string, adapter: string): Promise<Cache> {
  const empty: Cache = { format: "superpose-tiles", version: 1, adapter, kernels: {}, nodes: {} };
  const text = await Deno.readTextFile(path).catch(() => null);
  if (text === null) return empty;
  const cache = parse(text);
  if (cache?.adapter !== adapter) return empty;
  const stale = new Set<string>();
  for (const [kernel, hash] of Object.entries(cache.kernels)) {
    if (await hashOf(kernel).catch(() => null) !== hash) stale.add(kernel);
  }
  const current = (kernel: string) => kernel in cache.kernels && !stale.has(kernel);
  return {
    ...cache,
    kernels: Object.fromEntries(Object.entries(cache.kernels).filter(([kernel]) => current(kernel))),
    nodes: Object.fromEntries(Object.entries(cache.nodes).filter(([key]) => current(kernelOf(key)))),
  };
}

function parse(text: string): Cache | null {
  try {
    return cacheSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

async function writeCache(path: string, cache: Cache): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  const lines = Object.entries(cache.nodes).toSorted(([a], [b]) => a < b ? -1 : 1)
    .map(([key, entry]) => `    ${JSON.stringify(key)}: ${JSON.stringify(entry)}`);
  const head = JSON.stringify({ ...cache, nodes: undefined }, null, 2).replace(/\n}$/, "");
  await writeFileAtomic(path, `${head},\n  "nodes": {\n${lines.join(",\n")}\n  }\n}\n`);
}
