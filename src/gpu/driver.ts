/**
 * A Vulkan driver unpacked into the project's `.driver/` by `tools/setup.ts`, for machines without one and without
 * root rights: what must happen in a process before Dawn's `create()` so that Dawn finds it.
 */
import { UserError } from "../errors.ts";

/** `driver.json` in the unpacked driver's folder; every path is relative to that folder. */
export interface DriverManifest {
  /** The Vulkan loader's description of the driver (ICD). */
  icd: string;
  /** Shared libraries, each after those it needs; the Vulkan loader among them where the system has none. */
  libraries: string[];
}

export const driverFolder: URL = new URL("../../.driver/vulkan/", import.meta.url);

/** Loaders before 1.3.207 (Ubuntu 22.04) know only the second name; newer ones prefer the first. */
const variables = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];

/** The environment variable with which the person chose a driver other than `icd`, if any. */
export function driverChosenByUser(get: (name: string) => string | undefined, icd = ""): string | undefined {
  // Our own value is there in a child of a process that called useUnpackedDriver().
  return variables.find((name) => ![undefined, "", icd].includes(get(name)));
}

function readManifest(folder: URL): DriverManifest | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(new URL("driver.json", folder)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Makes the unpacked driver the one that Dawn finds; call it before Dawn's `create()`. Returns whether there is one to
 * use: false without `.driver/`, off Linux, or where VK_DRIVER_FILES or VK_ICD_FILENAMES already names another.
 *
 * The dynamic linker reads LD_LIBRARY_PATH only when a process starts, so the libraries are opened here by absolute
 * path, in order of need: whoever asks for one by its soname later (the driver, Dawn) gets the one already open.
 */
export function useUnpackedDriver(folder: URL = driverFolder): boolean {
  if (Deno.build.os !== "linux") return false;
  const manifest = readManifest(folder);
  if (!manifest) return false;
  const icd = decodeURIComponent(new URL(manifest.icd, folder).pathname);
  if (driverChosenByUser((name) => Deno.env.get(name), icd)) return false;
  try {
    for (const library of manifest.libraries) Deno.dlopen(new URL(library, folder), {});
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`The driver in .driver/ cannot be loaded (${reason}): run \`deno task setup\` again.`);
  }
  for (const name of variables) Deno.env.set(name, icd);
  return true;
}
