/** Files that are never seen half-written, and their hashes. */
import { createHash } from "node:crypto";
import { UserError } from "../errors.ts";

const CHUNK_BYTES = 1 << 20;

/** A name beside `path` that no other process uses: what is built there becomes `path` by one rename. */
export function temporaryBeside(path: string): string {
  return `${path.replace(/\/+$/, "")}.${crypto.randomUUID().slice(0, 8)}.tmp`;
}

/**
 * Lets `fill` write a new file and gives it its name only when it is complete.
 * @throws UserError naming the path when the file cannot be written; nothing is left behind then.
 */
export async function createAtomic(path: string, fill: (file: Deno.FsFile) => Promise<void>): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    const file = await Deno.open(temporary, { write: true, createNew: true });
    try {
      await fill(file);
    } finally {
      file.close();
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw asUserError(error, `${path} cannot be written`);
  }
}

/** Writes text or bytes to `path`, replacing what was there in one step. */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await createAtomic(path, (file) => writeAll(file, bytes));
}

/** Writes all of `bytes`: one call to `write` may take only a part. */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
}

/** Fills `bytes` from the file's current position; returns how many bytes there were (fewer only at its end). */
export async function readFully(file: Deno.FsFile, bytes: Uint8Array): Promise<number> {
  let filled = 0;
  while (filled < bytes.length) {
    const count = await file.read(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return filled;
}

/** The SHA-256 of a file as lower-case hex. @throws UserError naming the file when it cannot be read. */
export const sha256File = (path: string): Promise<string> => hashFile(path, "sha256");

/** The MD5 of a file as lower-case hex: for checksums that others publish. @throws UserError as {@link sha256File}. */
export const md5File = (path: string): Promise<string> => hashFile(path, "md5");

/** Reads the file in pieces, so that its size does not matter. */
async function hashFile(path: string, algorithm: "sha256" | "md5"): Promise<string> {
  const hash = createHash(algorithm);
  const file = await openToRead(path);
  try {
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (let count = await file.read(chunk); count !== null; count = await file.read(chunk)) {
      hash.update(chunk.subarray(0, count));
    }
  } finally {
    file.close();
  }
  return hash.digest("hex");
}

/** Opens a file to read. @throws UserError naming it when that is impossible. */
export async function openToRead(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { read: true });
  } catch (error) {
    throw asUserError(error, `${path} cannot be read`);
  }
}

/** The bytes of a file. @throws UserError naming it when that is impossible. */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw asUserError(error, `${path} cannot be read`);
  }
}

/** The bytes inside a gzip file. @throws UserError naming it when it cannot be read, is damaged or no gzip file. */
export async function readGzip(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([await readBytes(path)]).stream();
  try {
    return await new Response(packed.pipeThrough(new DecompressionStream("gzip"))).bytes();
  } catch {
    throw new UserError(`${path} is damaged, cut short or no gzip file.`);
  }
}

/** The text of a file. @throws UserError naming it when that is impossible. */
export async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw asUserError(error, `${path} cannot be read`);
  }
}

/** A folder and all above it, unless they are there. @throws UserError naming it where it cannot be made */
export async function makeFolder(path: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true }).catch((error) => {
    throw asUserError(error, `${path} cannot be made`);
  });
}

/**
 * Makes sure that a folder can be made at `path`, and makes none: for what is asked before long work and needed after it.
 * @throws UserError naming the file that is in the way
 */
export async function requireRoom(path: string): Promise<void> {
  const parts = path.split("/");
  for (let length = parts.length; length > 0; length--) {
    const at = parts.slice(0, length).join("/") || "/";
    const info = await Deno.stat(at).catch(() => null);
    if (info?.isDirectory) return;
    if (info) throw new UserError(`${path} cannot be made: ${at} is a file.`);
  }
}

/** What the operating system said, as one sentence; an error of our own or of the program passes unchanged. */
export function asUserError(error: unknown, sentence: string): unknown {
  if (error instanceof Deno.errors.NotFound) return new UserError(`${sentence}: there is no such file or folder.`);
  const fromSystem = Object.values(Deno.errors).some((kind) => error instanceof kind) ||
    systemCode(error) !== undefined;
  return fromSystem ? new UserError(`${sentence}: ${(error as Error).message}.`) : error;
}

/** The code (such as ENOSPC) of a system error that has no class of its own in Deno. */
function systemCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as Error & { code?: string }).code : undefined;
}
