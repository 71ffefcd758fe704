/** Runs every test/*.test.ts, or only those whose path contains every word given, in one process with uvu. */
// uvu must be loaded only once it knows that its runs are started from here.
/** The part of uvu's runner that its type declarations leave out. */
const runner = globalThis as unknown as { UVU_DEFER: number; UVU_QUEUE: unknown[][]; UVU_INDEX: number };
runner.UVU_DEFER = 1;
const { exec } = await import("uvu") as unknown as { exec(): Promise<unknown> };
const { counts } = await import("../test/harness.ts");

function testFiles(folder: URL): URL[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) => {
    const url = new URL(entry.name + (entry.isDirectory ? "/" : ""), folder);
    return entry.isDirectory ? testFiles(url) : entry.name.endsWith(".test.ts") ? [url] : [];
  }).sort((a, b) => a.href < b.href ? -1 : 1);
}

const root = new URL("../test/", import.meta.url);
const wanted = testFiles(root).filter((file) => Deno.args.every((word) => file.href.includes(word)));
for (const [index, file] of wanted.entries()) {
  runner.UVU_QUEUE[index] = [file.href.slice(root.href.length)];
  runner.UVU_INDEX = index;
  await import(file.href);
}
await exec();
console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
Deno.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0);
