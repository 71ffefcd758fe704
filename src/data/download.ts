/** Fetches the files of published data sets from their authors' sites: checked, and resumed where they broke off. */
import { UserError } from "../errors.ts";
import { asUserError, md5File, writeAll } from "./files.ts";

export interface PublishedFile {
  url: string;
  /** Lower-case hex, as the set's authors give it beside the file. */
  md5: string;
}

const FASHION_MNIST = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com";

/**
 * What is fetched for a layout. Sources: zalandoresearch/fashion-mnist, README, "Get the Data"; A. Krizhevsky, "The
 * CIFAR-10 dataset", "Download".
 */
export const PUBLISHED: Partial<Record<string, readonly PublishedFile[]>> = {
  idx: [
    { url: `${FASHION_MNIST}/train-images-idx3-ubyte.gz`, md5: "8d4fb7e6c68d591d4c3dfef9ec88bf0d" },
    { url: `${FASHION_MNIST}/train-labels-idx1-ubyte.gz`, md5: "25c81989df183df01b3e8a0aad5dffbe" },
    { url: `${FASHION_MNIST}/t10k-images-idx3-ubyte.gz`, md5: "bef4ecab320f06d8554ea6380940ec79" },
    { url: `${FASHION_MNIST}/t10k-labels-idx1-ubyte.gz`, md5: "bb300cfdad3c16e7a12a480ee83cd310" },
  ],
  cifar10: [
    { url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", md5: "c32a1d4ab5d03f1284b67883e8d87530" },
  ],
};

/** How long we wait for the next byte, milliseconds. */
const PATIENCE = 60_000;

/** Bytes of `file` that are here, and that there will be. */
export type OnBytes = (file: string, done: number, total: number) => void;

/**
 * Fetches into `folder`, which is made if missing, every file that is not there yet. A file bears its name only when it
 * is complete and has the right checksum; until then it is `NAME.part`, where the next attempt goes on.
 * @throws UserError naming the address or the file when one cannot be had, or is there and is not the published one.
 */
export async function download(files: readonly PublishedFile[], folder: string, onBytes?: OnBytes): Promise<void> {
  try {
    await Deno.mkdir(folder, { recursive: true });
    for (const file of files) await obtain(file, folder, onBytes);
  } catch (error) {
    throw asUserError(error, `${folder} cannot be written`);
  }
}

async function obtain({ url, md5 }: PublishedFile, folder: string, onBytes?: OnBytes): Promise<void> {
  const name = url.slice(url.lastIndexOf("/") + 1);
  const [path, part] = [`${folder}/${name}`, `${folder}/${name}.part`];
  if (await sizeOf(path) !== undefined) {
    if (await md5File(path) === md5) return;
    throw new UserError(`${path} is there already and is not the published file (its MD5 is not ${md5}).`);
  }
  await receive(url, part, (done, total) => onBytes?.(name, done, total));
  const found = await md5File(part);
  if (found === md5) return await Deno.rename(part, path);
  await Deno.remove(part);
  throw new UserError(`${url} is not the published file: its MD5 is ${found} instead of ${md5}.`);
}

/** Appends to the file `part` what it lacks, or writes it anew where the server cannot leave out what we have. */
async function receive(url: string, part: string, onBytes: (done: number, total: number) => void): Promise<void> {
  const have = await sizeOf(part) ?? 0;
  const impatience = new Impatience();
  try {
    const response = await ask(url, have, impatience);
    const resumed = response.status === 206;
    const file = await Deno.open(part, { write: true, create: true, append: resumed, truncate: !resumed });
    try {
      await save(url, response, file, resumed ? have : 0, impatience, onBytes);
    } finally {
      file.close();
    }
  } finally {
    impatience.end();
  }
}

/** Asks for the bytes from `have` on. @throws UserError when there is no server or it has no such file. */
async function ask(url: string, have: number, impatience: Impatience): Promise<Response> {
  // A server that packed the file once more for the way would count other bytes than we do.
  const headers: Record<string, string> = { "Accept-Encoding": "identity" };
  if (have > 0) headers.Range = `bytes=${have}-`;
  const response = await fetch(url, { headers, signal: impatience.signal }).catch((error) => {
    throw new UserError(`${url} cannot be reached: ${reason(error)}.`);
  });
  if (response.ok) return response;
  await response.body?.cancel();
  if (response.status === 416 && have > 0) return ask(url, 0, impatience); // there is nothing from there on
  throw new UserError(`${url} cannot be fetched: the server answers ${response.status} ${response.statusText}.`);
}

async function save(
  url: string,
  { body, headers }: Response,
  file: Deno.FsFile,
  start: number,
  impatience: Impatience,
  onBytes: (done: number, total: number) => void,
): Promise<void> {
  const length = headers.get("Content-Length");
  const reader = body!.getReader();
  for (let done = start;;) {
    impatience.restart();
    const { value } = await reader.read().catch((error) => {
      throw new UserError(`${url} broke off after ${done} bytes, where the same command goes on: ${reason(error)}.`);
    });
    if (!value) return;
    await writeAll(file, value);
    done += value.length;
    if (length !== null) onBytes(done, start + Number(length));
  }
}

/** Ends a request when nothing has come for too long. */
class Impatience {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.restart();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  restart(): void {
    this.end();
    const error = new Error(`nothing has come for ${PATIENCE / 1000} seconds`);
    this.#timer = setTimeout(() => this.#controller.abort(error), PATIENCE);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** What went wrong on the way, in the words of the innermost part that said so. */
function reason(error: unknown): string {
  const cause = error instanceof Error ? error.cause ?? error : error;
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replace(/^.*client error \(\w+\): /, "").replace(/\.$/, "");
}

const sizeOf = async (path: string): Promise<number | undefined> =>
  (await Deno.stat(path).catch(() => undefined))?.size;
