/**
 * Answers as torch_side.py does, without Python: a work results in the arrays it was made of, and a run of it takes 5 ms by
 * its own clock. A batch norm is an error, and a training step ends the program.
 */
const input = Deno.stdin.readable.getReader({ mode: "byob" });
const output = Deno.stdout.writable.getWriter();

async function read(length: number): Promise<ArrayBuffer> {
  const { value } = await input.read(new Uint8Array(length), { min: length });
  if (value?.length !== length) Deno.exit();
  return value.buffer;
}

async function say(header: object, arrays: readonly ArrayBuffer[] = []): Promise<void> {
  const lengths = arrays.map(({ byteLength }) => byteLength / 4);
  const text = new TextEncoder().encode(JSON.stringify({ ...header, lengths }));
  for (const part of [Uint32Array.of(text.length).buffer, text, ...arrays]) await output.write(new Uint8Array(part));
}

const works: ArrayBuffer[][] = [];

await say(Deno.args[0] === "broken" ? { error: "it is broken." } : { device: "cpu" });
while (true) {
  const header = JSON.parse(new TextDecoder().decode(await read(new Uint32Array(await read(4))[0])));
  const arrays: ArrayBuffer[] = [];
  for (const length of header.lengths) arrays.push(await read(4 * length));
  if (header.kind === "step") Deno.exit();
  if (header.kind === "batch_norm") await say({ error: "out of memory" });
  else if (header.do === "make") await say({ work: works.push(arrays) - 1 });
  else if (header.do === "run") await say({ milliseconds: 5 * header.runs });
  else if (header.do === "read") await say({}, works[header.work]);
  else await say({});
}
