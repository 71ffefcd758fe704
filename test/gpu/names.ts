/** The names of all kernels, such as "add/forward", in order. */
export function kernelNames(folder = "", root = new URL("../../kernels/", import.meta.url)): string[] {
  return [...Deno.readDirSync(new URL(folder, root))].flatMap((entry) =>
    entry.isDirectory
      ? kernelNames(`${folder}${entry.name}/`, root)
      : entry.name.endsWith(".wgsl")
      ? [folder + entry.name.slice(0, -5)]
      : []
  ).sort();
}
