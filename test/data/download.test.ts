import { createHash } from "node:crypto";
import * as assert from "uvu/assert";
import { download } from "../../src/data/download.ts";
import { suite } from "../harness.ts";
import { inFolder, messageOf, put } from "./trees.ts";

const content = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7919) >> 3);
const md5 = createHash("md5").update(content).digest("hex");

type Handler = (request: Request) => Response;

/** A server of this machine that answers as `behaviour.now` says, and the file `set.gz` it is asked for. */
async function withServer(
  body: (folder: string, url: string, behaviour: { now: Handler; ranges: (string | null)[] }) => Promise<void>,
): Promise<void> {
  const behaviour = { now: whole, ranges: [] as (string | null)[] };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    behaviour.ranges.push(request.headers.get("Range"));
    return behaviour.now(request);
  });
  try {
    await inFolder((folder) => body(folder, `http://127.0.0.1:${server.addr.port}/data/set.gz`, behaviour));
  } finally {
    await server.shutdown();
  }
}

const whole: Handler = () => new Response(content);

/** Answers a Range request with the rest, or 416 when there is none. */
const rest: Handler = (request) => {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.get("Range") ?? "bytes=0-")![1]);
  if (from >= content.length) return new Response("no such range", { status: 416 });
  const range = `bytes ${from}-${content.length - 1}/${content.length}`;
  return new Response(content.slice(from), { status: from > 0 ? 206 : 200, headers: { "Content-Range": range } });
};

/** Promises everything, sends 40,000 bytes and breaks the connection. */
const cut: Handler = () => {
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(content.slice(0, 40_000));
      setTimeout(() => controller.close(), 100);
    },
  });
  return new Response(stream, { headers: { "Content-Length": String(content.length) } });
};

const names = (folder: string): string[] => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

suite("download", (test) => {
  test("fetches into a new folder, tells how far it is, and leaves alone what is there already", () =>
    withServer(async (root, url, behaviour) => {
      const folder = `${root}/new/folder`;
      const seen: [string, number, number][] = [];
      await download([{ url, md5 }], folder, (...progress) => seen.push(progress));
      assert.equal(await Deno.readFile(`${folder}/set.gz`), content);
      assert.equal(names(folder), ["set.gz"]);
      assert.equal(seen.at(-1), ["set.gz", content.length, content.length]);
      await download([{ url, md5 }], folder);
      assert.equal(behaviour.ranges, [null]);
    }));

  test("goes on where it was cut off", () =>
    withServer(async (root, url, behaviour) => {
      behaviour.now = cut;
      const message = await messageOf(() => download([{ url, md5 }], root));
      assert.match(message, /^UserError: .*set\.gz broke off after 40000 bytes, where the same command goes on: .*\.$/);
      assert.equal(names(root), ["set.gz.part"]);
      behaviour.now = rest;
      const seen: number[] = [];
      await download([{ url, md5 }], root, (_, done, total) => seen.push(done, total));
      assert.equal(behaviour.ranges, [null, "bytes=40000-"]);
      assert.ok(seen[0] > 40_000 && seen.at(-1) === content.length && seen.at(-2) === content.length);
      assert.equal(await Deno.readFile(`${root}/set.gz`), content);
      assert.equal(names(root), ["set.gz"]);
    }));

  test("starts again where the server ignores the range or has nothing from there on", () =>
    withServer(async (root, url, behaviour) => {
      for (const [now, length] of [[whole, 500], [rest, content.length + 1]] as const) {
        behaviour.now = now;
        await put(`${root}/${length}/set.gz.part`, new Uint8Array(length));
        await download([{ url, md5 }], `${root}/${length}`);
        assert.equal(await Deno.readFile(`${root}/${length}/set.gz`), content);
        assert.equal(names(`${root}/${length}`), ["set.gz"]);
      }
      assert.equal(behaviour.ranges, ["bytes=500-", "bytes=100001-", null]);
    }));

  test("refuses a wrong checksum and leaves nothing, so that the next attempt starts anew", () =>
    withServer(async (root, url, behaviour) => {
      behaviour.now = rest;
      await put(`${root}/set.gz.part`, new Uint8Array(70_000)); // zeros, which the rest does not go with
      const message = await messageOf(() => download([{ url, md5 }], root));
      assert.match(
        message,
        /^UserError: .*set\.gz is not the published file: its MD5 is [0-9a-f]{32} instead of \w+\.$/,
      );
      assert.equal(names(root), []);
      await download([{ url, md5 }], root);
      assert.equal(names(root), ["set.gz"]);
    }));

  test("does not touch a file of that name which is another one", () =>
    withServer(async (root, url, behaviour) => {
      await put(`${root}/set.gz`, "mine");
      const message = await messageOf(() => download([{ url, md5 }], root));
      assert.match(message, /^UserError: .*set\.gz is there already and is not the published file .*\.$/);
      assert.is(await Deno.readTextFile(`${root}/set.gz`), "mine");
      assert.equal(behaviour.ranges, []);
    }));

  test("says what the server answers, that there is none, and that the folder cannot be made", () =>
    withServer(async (root, url, behaviour) => {
      behaviour.now = () => new Response("nothing here", { status: 404, statusText: "Not Found" });
      const sentence = (address: string, folder = root) => messageOf(() => download([{ url: address, md5 }], folder));
      assert.match(await sentence(url), /^UserError: http.*set\.gz cannot be fetched: .* answers 404 Not Found\.$/);
      const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = free.addr;
      free.close();
      const refused = await sentence(`http://127.0.0.1:${port}/set.gz`);
      assert.match(refused, /^UserError: http.*set\.gz cannot be reached: [^\n]*refused[^\n]*\.$/i);
      assert.match(
        await sentence("http://no.such.host.invalid/set.gz"),
        /^UserError: [^\n]* cannot be reached: [^\n]*\.$/,
      );
      assert.equal(names(root), []);
      await put(`${root}/file`, "");
      assert.match(await sentence(url, `${root}/file`), /^UserError: .*file cannot be written: /);
    }));
});
