/**
 * The tuner: runs a node with every tile its operation offers and keeps the fastest. The first tile, the repository's
 * choice, is held against the definition; the others must give the same bits. So tuning changes how long a result takes
 * and never the result: a resumed run and a run on a tuned machine equal any other.
 */
import type { Gpu } from "../gpu/device.ts";
import type { BufferView } from "../gpu/kernel.ts";
import { profile } from "../gpu/profile.ts";
import { type KernelCall, record, submit } from "../gpu/record.ts";
import { Random } from "../random.ts";
import type { Engine, Node, Tensor, Tile } from "../tensor/graph.ts";
import { wallTime } from "./measure.ts";
import { drawn, verify } from "./verify.ts";

/** What became of one node. */
export interface Tuning {
  key: string;
  /** The tile kept, and how many were timed. */
  tile: Tile;
  tried: number;
  /** Median time of the repository's tile over that of the one kept, at least 1. */
  gain: number;
}

/** A tile is kept in place of the repository's only for a gain beyond what clocks scatter. */
const smallestGain = 1.03;
const rounds = 7;

/**
 * @param clock milliseconds that calls take, by default on the device's clock
 * @throws UserError where the repository's tile itself is wrong on this adapter.
 */
export async function tuneNode(engine: Engine, node: Node, clock = timeOf): Promise<Tuning> {
  const { gpu } = engine;
  const { key, tiles } = node.tunable!;
  const buffers: GPUBuffer[] = [];
  try {
    const at = place(gpu, node, buffers);
    const candidates: Candidate[] = [];
    for (const tile of tiles) {
      const dispatches = withTile(engine, key, tile, () => node.dispatches(at));
      if (candidates.length === 0) {
        for (const dispatch of dispatches) (await verify(gpu, dispatch)).free();
      }
      const { calls, uniforms } = await gpu.guarded(key, () => record(gpu, dispatches));
      if (uniforms) buffers.push(uniforms);
      submit(gpu, calls);
      const result = new Uint8Array(await gpu.read(at(node.outputs[0]).buffer, 0, node.outputs[0].bytes));
      if (candidates.length === 0 || sameBits(result, candidates[0].result)) {
        candidates.push({ tile, calls, result, times: [] });
      }
    }
    for (let round = 0; round < rounds; round++) {
      for (const { calls, times } of candidates) times.push(await clock(gpu, calls));
    }
    const medians = candidates.map(({ times }) => times.toSorted((a, b) => a - b)[(rounds - 1) / 2]);
    const best = medians.indexOf(Math.min(...medians));
    const gain = medians[0] / medians[best];
    const kept = gain >= smallestGain ? best : 0;
    return { key, tile: candidates[kept].tile, tried: candidates.length, gain: kept === 0 ? 1 : gain };
  } finally {
    for (const buffer of buffers) gpu.free(buffer);
  }
}

interface Candidate {
  tile: Tile;
  calls: KernelCall[];
  result: Uint8Array;
  times: number[];
}

/** Memory of their own for the node's tensors; random values in those it reads. */
function place(gpu: Gpu, node: Node, buffers: GPUBuffer[]): (tensor: Tensor) => BufferView {
  const views = new Map<Tensor, BufferView>();
  for (const tensor of [...node.inputs, ...node.outputs]) {
    const buffer = gpu.allocate(tensor.label, tensor.bytes);
    buffers.push(buffer);
    views.set(tensor, { buffer, dtype: tensor.dtype, offset: 0, length: tensor.length });
  }
  node.inputs.forEach((tensor, i) => {
    const random = new Random(1, `tune ${i}`);
    gpu.write(views.get(tensor)!.buffer, 0, drawn(tensor.dtype, tensor.length, () => random.normal()));
  });
  return (tensor) => views.get(tensor)!;
}

/** Runs `body` while `tile` is the choice for `key`. */
function withTile<T>({ tiles }: Engine, key: string, tile: Tile, body: () => T): T {
  const before = tiles.get(key);
  tiles.set(key, tile);
  try {
    return body();
  } finally {
    if (before) tiles.set(key, before);
    else tiles.delete(key);
  }
}

function sameBits(one: Uint8Array, other: Uint8Array): boolean {
  return one.every((value, i) => value === other[i]);
}

async function timeOf(gpu: Gpu, calls: readonly KernelCall[]): Promise<number> {
  if (!gpu.timestamps) return await wallTime(gpu, calls);
  return (await profile(gpu, calls)).reduce((total, { begin, end }) => total + end - begin, 0);
}
