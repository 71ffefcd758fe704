/** How long a person waits for the first training step: a process of its own, with an empty and a filled shader cache. */
import { UserError } from "../../errors.ts";
import type { FirstStep } from "./first_step.ts";

/** Seconds from the start of the process to its end, one step of training in between. */
export interface Start {
  cold: number;
  warm: number;
}

export async function measureStart(first: FirstStep): Promise<Start> {
  const folder = await Deno.makeTempDir({ prefix: "superpose-shaders-" });
  try {
    return { cold: await startOnce(first, folder), warm: await startOnce(first, folder) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function startOnce(first: FirstStep, shaders: string): Promise<number> {
  const module = new URL("./first_step.ts", import.meta.url).href;
  const begun = performance.now();
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", module, JSON.stringify(first)],
    // Where Mesa and NVIDIA's driver keep what they have compiled.
    env: { MESA_SHADER_CACHE_DIR: shaders, __GL_SHADER_DISK_CACHE_PATH: shaders },
  }).output();
  if (!success) throw new UserError(`A process of its own has failed: ${new TextDecoder().decode(stderr).trim()}`);
  return (performance.now() - begun) / 1000;
}
