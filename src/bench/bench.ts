/** The benchmark: ceilings first, then every kernel, checked and timed. */
import type { Engine } from "../tensor/graph.ts";
import { bytesOf, shapesOf, type Sketch } from "./cost.ts";
import { measure, type Measurement, timeOf } from "./measure.ts";
import { verify } from "./verify.ts";

/** What this adapter reached with nothing else to do. */
export interface Ceiling {
  gflops: number;
  gbs: number;
}

/** A kernel call to time. */
export interface Case {
  dispatch: Sketch;
  flops: number;
  /** How often it occurs in the training step it was taken from. */
  uses: number;
}

/** One line of the table; times in milliseconds. */
export interface Row extends Measurement {
  kernel: string;
  shapes: string;
  /** Override values, such as tile sizes. */
  constants: Record<string, number>;
  uses: number;
  flops: number;
  bytes: number;
  gflops: number;
  gbs: number;
  /** Shares of the two ceilings. */
  ofFma: number;
  ofCopy: number;
  /** Relative error against the definition. */
  error: number;
}

export interface BenchResult {
  adapter: string;
  ceiling: Ceiling;
  rows: Row[];
}

/** Bytes of each of the two buffers copied, where the adapter allows so many: far beyond any cache. */
const copyBytes = 256 * 2 ** 20;
/** Threads that multiply and add: at first, and at most; a large GPU would be done with the first before it is awake. */
const fmaThreads = { first: 2 ** 14, most: 2 ** 20 };
const fmaMilliseconds = 5;

/** Measures the ceilings of this adapter, the best of several runs. */
export async function measureCeiling(engine: Engine): Promise<Ceiling> {
  const unknown = { gflops: Infinity, gbs: Infinity };
  const ceilingOf = (entry: Case) => benchCase(engine, entry, unknown);
  let threads = fmaThreads.first;
  let computing = await ceilingOf(fmaCase(engine, threads));
  while (timeOf(computing).best < fmaMilliseconds && threads < fmaThreads.most) {
    computing = await ceilingOf(fmaCase(engine, threads *= 4));
  }
  const bytes = Math.min(copyBytes, engine.gpu.device.limits.maxStorageBufferBindingSize / 2);
  const moving = await ceilingOf(copyCase(engine, bytes / 4));
  return {
    gflops: computing.flops / timeOf(computing).best / 1e6,
    gbs: moving.bytes / timeOf(moving).best / 1e6,
  };
}

const floats = (length: number) => ({ dtype: "f32" as const, length });

function fmaCase({ kernels }: Engine, threads: number): Case {
  const rounds = 1024;
  const dispatch: Sketch = {
    kernel: kernels.get("ceiling/fma"),
    bindings: { y: floats(threads * 4) },
    params: { threads, rounds, factor: 0.5 },
    threads: [threads],
  };
  return { dispatch, flops: threads * 64 * rounds, uses: 0 };
}

function copyCase({ kernels }: Engine, length: number): Case {
  const dispatch: Sketch = {
    kernel: kernels.get("ceiling/copy"),
    bindings: { x: floats(length), y: floats(length) },
    params: { length },
    threads: [length / 4],
  };
  return { dispatch, flops: 0, uses: 0 };
}

/** Checks one call, then times it. */
export async function benchCase({ gpu }: Engine, { dispatch, flops, uses }: Case, ceiling: Ceiling): Promise<Row> {
  const { call, error, free } = await verify(gpu, dispatch);
  try {
    const times = await measure(gpu, call);
    const seconds = timeOf(times).median / 1000;
    const bytes = bytesOf(dispatch);
    const [gflops, gbs] = [flops / seconds / 1e9, bytes / seconds / 1e9];
    return {
      kernel: dispatch.kernel.label,
      shapes: shapesOf(dispatch),
      constants: dispatch.constants ?? {},
      uses,
      flops,
      bytes,
      gflops,
      gbs,
      ofFma: gflops / ceiling.gflops,
      ofCopy: gbs / ceiling.gbs,
      error,
      ...times,
    };
  } finally {
    free();
  }
}

/** Measures the ceilings and all cases. */
export async function bench(
  engine: Engine,
  cases: readonly Case[],
  onRow: (row: Row, done: number, total: number) => void = () => {},
): Promise<BenchResult> {
  const ceiling = await measureCeiling(engine);
  const rows: Row[] = [];
  for (const entry of cases) {
    const row = await benchCase(engine, entry, ceiling);
    rows.push(row);
    onRow(row, rows.length, cases.length);
  }
  return { adapter: engine.gpu.name, ceiling, rows };
}
