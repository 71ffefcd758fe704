/**
 * Looks for an adapter, in a process of its own: a broken driver may take its process down, and a driver installed a
 * moment ago is seen only by a new one. As a program it prints one JSON document, the adapter's name or null.
 */
import { UserError } from "../../errors.ts";

/** The name of the adapter that Dawn would use on this machine, or undefined where it finds none. */
export async function findAdapter(): Promise<string | undefined> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL(import.meta.url).href],
    stdin: "null",
  });
  const { code, signal, stdout, stderr } = await child.output();
  if (signal) return undefined;
  if (code !== 0) {
    const lines = new TextDecoder().decode(stderr).trim().split("\n");
    throw new UserError(
      `WebGPU cannot be started on this machine: ${lines.find((line) => /error/i.test(line)) ?? code}`,
    );
  }
  return JSON.parse(new TextDecoder().decode(stdout)) ?? undefined;
}

if (import.meta.main) {
  const { useUnpackedDriver } = await import("../driver.ts");
  const { create } = await import("webgpu");
  let name: string | null = null;
  try {
    useUnpackedDriver();
    const gpu = create([]);
    const info = (await gpu.requestAdapter())?.info;
    if (info) name = info.description || info.device || info.vendor || "unnamed adapter";
  } catch (error) {
    // A driver that cannot be loaded any more is as good as none: setup then unpacks a new one.
    if (!(error instanceof UserError)) throw error;
  }
  console.log(JSON.stringify(name));
  Deno.exit(0);
}
