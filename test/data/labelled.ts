/** Tiny sets in the formats of MNIST and CIFAR-10. */
import { put } from "./trees.ts";

export const gzip = (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
  new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();

/** An IDX file: the magic number, the sides, the elements. */
export function idx(shape: number[], data: ArrayLike<number>, type = 8): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, type, shape.length]);
  shape.forEach((side, k) => new DataView(bytes.buffer).setUint32(4 + 4 * k, side));
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

export const IDX_FILES = {
  trainImages: "train-images-idx3-ubyte",
  trainLabels: "train-labels-idx1-ubyte",
  testImages: "t10k-images-idx3-ubyte",
  testLabels: "t10k-labels-idx1-ubyte",
};

/** Images of 3 columns and 2 rows, all pixels of image i being i; the test images go on counting from 100. */
export async function putIdx(root: string, train: number[], test: number[]): Promise<void> {
  const shades = (labels: number[], from: number) => labels.flatMap((_, i) => Array(6).fill(from + i));
  await put(`${root}/${IDX_FILES.trainImages}`, idx([train.length, 2, 3], shades(train, 0)));
  await put(`${root}/${IDX_FILES.trainLabels}`, idx([train.length], train));
  await put(`${root}/${IDX_FILES.testImages}`, idx([test.length, 2, 3], shades(test, 100)));
  await put(`${root}/${IDX_FILES.testLabels}`, idx([test.length], test));
}

/** A CIFAR-10 batch; the red, green and blue of its image i are 10·i plus 1, 2 and 3, the top left pixel is one more. */
export function batch(labels: number[]): Uint8Array<ArrayBuffer> {
  const area = 32 * 32;
  const bytes = new Uint8Array(labels.length * (1 + 3 * area));
  labels.forEach((label, i) => {
    const start = i * (1 + 3 * area);
    bytes[start] = label;
    for (let plane = 0; plane < 3; plane++) {
      const from = start + 1 + plane * area;
      bytes.fill(10 * i + plane + 1, from, from + area);
      bytes[from]++;
    }
  });
  return bytes;
}

export const CIFAR_FILES = [...[1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`), "test_batch.bin"];

/** The eight files of CIFAR-10's binary version: two images of each of three classes in every batch. */
export function cifar(): { name: string; data: Uint8Array<ArrayBuffer> }[] {
  const names = new TextEncoder().encode("plane\ncar\nbird\n\n");
  const batches = CIFAR_FILES.map((name) => ({ name, data: batch([2, 0, 1, 1, 0, 2]) }));
  return [{ name: "batches.meta.txt", data: names }, ...batches, { name: "readme.html", data: new Uint8Array(9) }];
}
