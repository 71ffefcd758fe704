/**
 * Safetensors, the program's one binary format: an unsigned 64-bit little-endian header length, a JSON header
 * `{name: {dtype, shape, data_offsets}, __metadata__: {string: string}}`, then the tensors' bytes back to back.
 * Source: huggingface/safetensors, README, "Format".
 */
import { z } from "zod";
import { UserError } from "../errors.ts";
import { createAtomic, openToRead, readFully, writeAll } from "./files.ts";

/** The element types we know, with the array each one is read into. */
const ARRAYS = {
  U8: Uint8Array,
  I32: Int32Array,
  U32: Uint32Array,
  F32: Float32Array,
  F64: Float64Array,
  I64: BigInt64Array,
} as const;

export type Dtype = keyof typeof ARRAYS;
export type TensorData<D extends Dtype = Dtype> = InstanceType<typeof ARRAYS[D]>;

/** A tensor as it is read. */
export interface Tensor {
  dtype: Dtype;
  shape: number[];
  data: TensorData;
}

/** A tensor to write; its bytes may come in pieces, so that they need not fit into memory together. */
export interface TensorSource {
  dtype: Dtype;
  shape: readonly number[];
  data: ArrayBufferView | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** Where a tensor lies: `offset` counts from the start of the file. */
export interface TensorEntry {
  dtype: Dtype;
  shape: number[];
  offset: number;
  bytes: number;
}

const LENGTH_BYTES = 8;
/** The limit the format's own library sets; a larger length is a sign of another kind of file. */
const MAX_HEADER_BYTES = 100_000_000;

const whole = z.number().int().nonnegative();
const headerSchema = z.record(
  z.string(),
  z.object({ dtype: z.string(), shape: z.array(whole), data_offsets: z.tuple([whole, whole]) }),
);
const metadataSchema = z.record(z.string(), z.string());

/** An opened file's header; the tensors' bytes are read on demand. */
export class SafetensorsFile {
  constructor(
    readonly path: string,
    readonly entries: ReadonlyMap<string, TensorEntry>,
    readonly metadata: Record<string, string>,
  ) {}

  /** The place of a tensor. @throws UserError when the file has none of that name. */
  entry(name: string): TensorEntry {
    const entry = this.entries.get(name);
    if (!entry) throw new UserError(`${this.path} has no tensor "${name}".`);
    return entry;
  }

  /**
   * Reads a tensor, or its rows `from` … `to`−1 along the first axis, with one read of just those bytes.
   * @throws UserError when there is no such tensor, RangeError when there are no such rows.
   */
  async read(name: string, from = 0, to = this.entry(name).shape[0] ?? 1): Promise<TensorData> {
    const { dtype, shape, offset, bytes } = this.entry(name);
    const rows = shape[0] ?? 1;
    if (!(0 <= from && from <= to && to <= rows)) throw new RangeError(`${name} has rows 0–${rows}, not ${from}–${to}`);
    const rowBytes = rows === 0 ? 0 : bytes / rows;
    const buffer = new Uint8Array((to - from) * rowBytes);
    const file = await openToRead(this.path);
    try {
      await file.seek(offset + from * rowBytes, Deno.SeekMode.Start);
      if (await readFully(file, buffer) < buffer.length) throw new UserError(`${this.path} is cut short.`);
    } finally {
      file.close();
    }
    return new ARRAYS[dtype](buffer.buffer);
  }
}

/**
 * Reads and checks the header: types known, sizes agreeing with shapes, tensors back to back up to the file's end.
 * @throws UserError naming the file when it is missing, cut short or not safetensors.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await openToRead(path);
  try {
    const { size } = await file.stat();
    const prefix = new Uint8Array(LENGTH_BYTES);
    if (await readFully(file, prefix) < LENGTH_BYTES) {
      throw new UserError(`${path} is too short for a safetensors file.`);
    }
    const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
    if (length > MAX_HEADER_BYTES) throw new UserError(`${path} is not a safetensors file.`);
    if (LENGTH_BYTES + length > size) throw new UserError(`${path} is cut short: its header does not fit into it.`);
    const text = new Uint8Array(length);
    await readFully(file, text);
    const { entries, metadata } = parseHeader(path, text);
    checkExtent(path, entries, LENGTH_BYTES + length, size);
    return new SafetensorsFile(path, entries, metadata);
  } finally {
    file.close();
  }
}

function parseHeader(path: string, bytes: Uint8Array) {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new UserError(`${path} is not a safetensors file: its header is not JSON.`);
  }
  const { __metadata__ = {}, ...rest } = Object(json);
  const header = headerSchema.safeParse(rest);
  const metadata = metadataSchema.safeParse(__metadata__);
  if (!header.success || !metadata.success) throw new UserError(`${path} is damaged: its header is malformed.`);

  const start = LENGTH_BYTES + bytes.length;
  const entries = new Map<string, TensorEntry>();
  for (const [name, { dtype, shape, data_offsets: [begin, end] }] of Object.entries(header.data)) {
    if (!isDtype(dtype)) {
      throw new UserError(`${path}: tensor "${name}" has the type ${dtype}, which is not supported.`);
    }
    if (end - begin !== byteLength(dtype, shape)) {
      throw new UserError(`${path} is damaged: the size of tensor "${name}" does not agree with its shape.`);
    }
    entries.set(name, { dtype, shape, offset: start + begin, bytes: end - begin });
  }
  return { entries, metadata: metadata.data };
}

/** Tensors must follow each other without holes or overlap and end where the file ends. */
function checkExtent(path: string, entries: Map<string, TensorEntry>, start: number, size: number): void {
  let end = start;
  for (const [name, entry] of [...entries].sort(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes)) {
    if (entry.offset !== end) throw new UserError(`${path} is damaged: tensor "${name}" is not where it should be.`);
    end += entry.bytes;
  }
  if (size < end) throw new UserError(`${path} is cut short: ${size} bytes where its header promises ${end}.`);
  if (size > end) throw new UserError(`${path} is damaged: ${size} bytes where its header promises ${end}.`);
}

/** Reads a whole file. @throws UserError as {@link openSafetensors} does. */
export async function readSafetensors(
  path: string,
): Promise<{ tensors: Record<string, Tensor>; metadata: Record<string, string> }> {
  const { entries, metadata } = await openSafetensors(path);
  const { buffer } = await Deno.readFile(path);
  const tensors: Record<string, Tensor> = {};
  for (const [name, { dtype, shape, offset, bytes }] of entries) {
    if (offset + bytes > buffer.byteLength) throw new UserError(`${path} is cut short.`);
    // A copy, because the format does not promise that an offset is a multiple of the element's size.
    tensors[name] = { dtype, shape, data: new ARRAYS[dtype](buffer.slice(offset, offset + bytes)) };
  }
  return { tensors, metadata };
}

/**
 * Writes a file in one step (temporary name, then rename). Types with larger elements come first, so that every
 * tensor is aligned; within a type the order is the one given.
 * @throws UserError when the file cannot be written, RangeError when a tensor's bytes do not fill its shape.
 */
export async function writeSafetensors(
  path: string,
  tensors: Record<string, TensorSource>,
  metadata?: Record<string, string>,
): Promise<void> {
  const ordered = Object.entries(tensors).sort(([, a], [, b]) => elementBytes(b.dtype) - elementBytes(a.dtype));
  await createAtomic(path, async (file) => {
    await writeAll(file, encodeHeader(ordered, metadata));
    for (const [name, { dtype, shape, data }] of ordered) {
      const expected = byteLength(dtype, shape);
      let written = 0;
      for await (const piece of ArrayBuffer.isView(data) ? [asBytes(data)] : data) {
        await writeAll(file, piece);
        written += piece.length;
      }
      if (written !== expected) throw new RangeError(`tensor "${name}": ${written} bytes, its shape needs ${expected}`);
    }
  });
}

function encodeHeader(tensors: [string, TensorSource][], metadata?: Record<string, string>): Uint8Array {
  const header: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  let offset = 0;
  for (const [name, { dtype, shape }] of tensors) {
    const end = offset + byteLength(dtype, shape);
    header[name] = { dtype, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(text.length / 8) * 8; // padded, so that the data begins on a multiple of 8
  const bytes = new Uint8Array(LENGTH_BYTES + length).fill(" ".charCodeAt(0));
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, LENGTH_BYTES);
  return bytes;
}

const isDtype = (text: string): text is Dtype => Object.hasOwn(ARRAYS, text);
const elementBytes = (dtype: Dtype): number => ARRAYS[dtype].BYTES_PER_ELEMENT;
const byteLength = (dtype: Dtype, shape: readonly number[]): number =>
  shape.reduce((product, side) => product * side, elementBytes(dtype));
const asBytes = (view: ArrayBufferView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
