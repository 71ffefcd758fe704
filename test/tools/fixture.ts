/** The tools as a person runs them, each a process of its own, and what they need to run on. */
import { jpeg, put } from "../data/trees.ts";
import { fresh, otherPack, tinyPack, tinyRun } from "../train/tiny.ts";

export interface Outcome {
  code: number;
  stdout: string;
  /** Lines, without those that Dawn and Deno print on their own account. */
  stderr: string[];
}

/** Dawn on the adapter's limits; Deno where another process has the lock on node_modules. */
const notOurs = /^Warning: max\w+ artificially reduced|waiting for file lock on node_modules/;

export async function tool(name: string, args: readonly string[]): Promise<Outcome> {
  const script = new URL(`../../tools/${name}.ts`, import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", script, ...args] })
    .output();
  const lines = new TextDecoder().decode(stderr).split("\n");
  return {
    code,
    stdout: new TextDecoder().decode(stdout),
    stderr: lines.filter((line) => line !== "" && !notOurs.test(line)),
  };
}

/** Maps in order, a few at a time: most of a process's life is spent on one core. */
export async function inParallel<In, Out>(
  items: readonly In[],
  action: (item: In) => Promise<Out>,
  width = 3,
): Promise<Out[]> {
  const results: Out[] = new Array(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await action(items[index]);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

/** Flags by name without the dashes; a flag that is `true` has no value, one that is `null` is left out. */
export type Flags = Record<string, string | true | null>;

export function flagged(flags: Flags): string[] {
  return Object.entries(flags).flatMap(([name, value]) =>
    value === null ? [] : value === true ? [`--${name}`] : [`--${name}`, value]
  );
}

/** Class folders of JPEGs: four classes, the last with fewer, one photograph of each too small for `--min-side 7`. */
async function putFolders(shade: number): Promise<string> {
  const root = fresh("photographs");
  for (const [index, name] of ["ape", "bat", "cow", "dog"].entries()) {
    for (let i = 0; i < 8 - Math.floor(index / 3); i++) {
      const side = i === 0 ? 6 : 16;
      const photograph = jpeg(side, side, (x, y) => [shade + 9 * x, 60 * index, 8 * y + 5 * i]);
      await put(`${root}/${name}/${i}.jpg`, photograph);
    }
  }
  return root;
}

export interface Inputs {
  photographs: string[];
  packs: string[];
  runs: string[];
}

let inputs: Promise<Inputs> | null = null;

/** Two folders of photographs, two packs and three trained networks, made when they are first asked for. */
export function toolInputs(): Promise<Inputs> {
  return inputs ??= (async () => {
    const runs: string[] = [];
    for (const seed of [1, 2, 3]) runs.push(await tinyRun(seed));
    return {
      photographs: [await putFolders(0), await putFolders(90)],
      packs: [(await tinyPack()).path, (await otherPack()).path],
      runs,
    };
  })();
}

/** The paths of the values at which two JSON documents differ, with dots; lists of other lengths differ as a whole. */
export function differences(a: unknown, b: unknown, path = ""): string[] {
  const isFolder = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
  if (!isFolder(a) || !isFolder(b)) return a === b ? [] : [path];
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return [path];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.flatMap((key) => differences(a[key], b[key], path ? `${path}.${key}` : key));
}
