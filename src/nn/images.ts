/** Data sets on the device: images stay bytes until a batch is gathered. */
import type { Pack, Split } from "../data/pack.ts";
import { UserError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import type { ImageBytes } from "../ops/gather_batch.ts";

/** Reads the bytes of images `from` up to `to` (exclusive), RGB interleaved. */
export type ReadImages = (from: number, to: number) => Promise<Uint8Array> | Uint8Array;

/** Reads images out of bytes that are in memory already. */
export function readerOf(bytes: Uint8Array, size: number): ReadImages {
  const each = size * size * 3;
  return (from, to) => bytes.subarray(from * each, to * each);
}

/** Uploading goes in pieces of about this many bytes, so that the host never holds the whole set twice. */
const pieceBytes = 16 * 2 ** 20;

export class DeviceImages implements ImageBytes {
  private constructor(
    readonly gpu: Gpu,
    readonly size: number,
    readonly count: number,
    readonly chunks: ImageBytes["chunks"],
  ) {}

  /** Uploads `count` images of size × size pixels into as few buffers as the adapter's limits allow. */
  static async upload(gpu: Gpu, size: number, count: number, read: ReadImages): Promise<DeviceImages> {
    if (count === 0) throw new UserError("There are no images to work on.");
    const bytes = size * size * 3;
    const perChunk = Math.max(1, Math.floor((gpu.device.limits.maxStorageBufferBindingSize - 4) / bytes));
    const chunks: ImageBytes["chunks"][number][] = [];
    for (let first = 0; first < count; first += perChunk) {
      const images = Math.min(perChunk, count - first);
      const length = Math.ceil(images * bytes / 4);
      const buffer = await gpu.guarded("uploading images", () => gpu.allocate("images", length * 4));
      // Pieces hold a multiple of four images, so that each begins at a whole word.
      const perPiece = Math.max(4, Math.floor(pieceBytes / bytes / 4) * 4);
      for (let from = 0; from < images; from += perPiece) {
        const to = Math.min(from + perPiece, images);
        const piece = new Uint8Array(Math.ceil((to - from) * bytes / 4) * 4);
        piece.set(await read(first + from, first + to));
        gpu.device.queue.writeBuffer(buffer, from * bytes, piece);
      }
      chunks.push({ view: { buffer, dtype: "u32", offset: 0, length }, first, images });
    }
    return new DeviceImages(gpu, size, count, chunks);
  }

  /** Uploads all images of one split of a pack. */
  static ofSplit(gpu: Gpu, pack: Pack, split: Split): Promise<DeviceImages> {
    return DeviceImages.upload(gpu, pack.size, pack.count(split), (from, to) => pack.images(split, from, to));
  }

  free(): void {
    for (const { view } of this.chunks) this.gpu.free(view.buffer);
  }
}
