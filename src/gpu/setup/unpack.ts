/** Unpacks a software Vulkan driver out of Debian packages into the project, without root. */
import { driverFolder, type DriverManifest } from "../driver.ts";
import { downloadMesa, downloadSwiftShader, must, type Say } from "./apt.ts";

/** What `ldd` says a library needs: the names of libraries and where each was found ("" where it was not). */
export function parseLdd(text: string): { name: string; path: string }[] {
  return [...text.matchAll(/^\s*(\S+) => (\/\S.*?(?= \(0x)|not found)/gm)]
    .map(([, name, path]) => ({ name, path: path === "not found" ? "" : path }));
}

/** Libraries so ordered that each comes after those it needs: who needs another needs all that it needs, and it. */
export function loadOrder(needs: Map<string, string[]>): string[] {
  return [...needs].sort(([, a], [, b]) => a.length - b.length).map(([name]) => name);
}

function* files(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* files(path);
    else yield path;
  }
}

const base = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/**
 * Gathers from the packages' files below `tree` the driver whose description matches `icd`, and all it needs that the
 * machine lacks, into `folder`: `lib/*`, `icd.json` and `driver.json` (see `DriverManifest`), with relative paths only.
 */
export async function gather(tree: string, icd: RegExp, folder: string): Promise<void> {
  const all = [...files(tree)];
  const description = all.find((path) => icd.test(base(path)));
  if (!description) throw new Error("the packages hold no such driver");
  const { ICD, ...rest } = JSON.parse(await Deno.readTextFile(description));
  const driver = all.find((path) => base(path) === base(ICD.library_path));
  const loader = all.find((path) => base(path) === "libvulkan.so.1");
  if (!driver) throw new Error(`the packages hold no ${ICD.library_path}`);

  const libraries = all.filter((path) => /^lib.*\.so(\.|$)/.test(base(path)));
  const search = [...new Set(libraries.map((path) => path.slice(0, path.lastIndexOf("/"))))].join(":");
  const ldd = async (path: string) => parseLdd(await must("ldd", [path], { env: { LD_LIBRARY_PATH: search } }));
  const found = await ldd(driver);
  const missing = found.filter(({ path }) => !path).map(({ name }) => name);
  if (missing.length > 0) throw new Error(`the packages hold no ${missing.join(", ")}`);

  const needed = found.map(({ path }) => path).filter((path) => path.startsWith(`${tree}/`));
  if (loader) needed.push(loader);
  const needs = new Map<string, string[]>();
  for (const path of needed) needs.set(base(path), (await ldd(path)).map(({ name }) => name));

  await Deno.mkdir(`${folder}/lib`, { recursive: true });
  for (const path of [...needed, driver]) await Deno.copyFile(path, `${folder}/lib/${base(path)}`);
  const manifest: DriverManifest = { icd: "icd.json", libraries: loadOrder(needs).map((name) => `lib/${name}`) };
  const described = { ...rest, ICD: { ...ICD, library_path: `./lib/${base(driver)}` } };
  await Deno.writeTextFile(`${folder}/icd.json`, JSON.stringify(described, null, 2));
  await Deno.writeTextFile(`${folder}/driver.json`, JSON.stringify(manifest, null, 2));
}

const recipes = [
  { name: "Mesa's software Vulkan driver", download: downloadMesa, icd: /^lvp_icd.*\.json$/ },
  {
    name: "the SwiftShader of Debian's Chromium (slow)",
    download: downloadSwiftShader,
    icd: /^vk_swiftshader_icd\.json$/,
  },
];

/** The kinds of driver that can be unpacked, best first. */
export const unpackable = recipes.map(({ name }) => name);

/** Removes a folder; returns whether it was there. */
async function remove(folder: string): Promise<boolean> {
  try {
    await Deno.remove(folder, { recursive: true });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const target = decodeURIComponent(driverFolder.pathname).replace(/\/$/, "");
const parent = target.slice(0, target.lastIndexOf("/"));

/** Takes away an unpacked driver; returns whether there was one. */
export const removeDriver = (): Promise<boolean> => remove(target);

/** Puts the driver of that kind into the project's `.driver/`, whole or not at all; call it under `alone()`. */
export async function unpackDriver(kind: number, say: Say): Promise<void> {
  const { name, download, icd } = recipes[kind];
  say(`unpacking ${name} into .driver/`);
  const work = `${parent}/unpacking`;
  await remove(work); // what a killed set-up left behind
  await Deno.mkdir(work, { recursive: true });
  try {
    const archives = await download(`${work}/apt`);
    const packages = [...files(archives)].filter((path) => path.endsWith(".deb"));
    for (const path of packages) await must("dpkg-deb", ["--extract", path, `${work}/tree`]);
    await gather(`${work}/tree`, icd, `${work}/vulkan`);
    await removeDriver();
    await Deno.rename(`${work}/vulkan`, target);
  } finally {
    await remove(work);
  }
}

/** Runs `action` while no other set-up of this project is at work; the lock ends with the process that holds it. */
export async function alone<Result>(action: () => Promise<Result>): Promise<Result> {
  await Deno.mkdir(parent, { recursive: true });
  using lock = await Deno.open(`${parent}/lock`, { create: true, write: true });
  await lock.lock(true);
  return await action();
}
