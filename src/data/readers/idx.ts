/** The IDX files of MNIST and the sets made after it: grey images in one file, their labels in another. */
import { createHash } from "node:crypto";
import { UserError } from "../../errors.ts";
import { readBytes, readGzip } from "../files.ts";
import type { Split } from "../pack.ts";
import { firstOf, greyToRgb, labelId, type Labelled, sourcesOf } from "./labelled.ts";
import { type Found, requireFolder } from "./source.ts";

/** SHA-256 of Fashion-MNIST's test labels, a byte each, by which we know that the names below are theirs. */
const FASHION_MNIST = "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9";
/** Source: zalandoresearch/fashion-mnist, README, "Labels". */
const FASHION_MNIST_NAMES = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];

/**
 * Finds the images of `train-…` (to train with) and `t10k-…` (to validate with) directly in `from`, packed with gzip or
 * not. The label is the class, and its name too unless the set is Fashion-MNIST.
 * @throws UserError naming the file that is missing, damaged or at odds with another.
 */
export async function findIdx(from: string): Promise<Found> {
  await requireFolder(from);
  const train = await readPart(from, "train", "train");
  const test = await readPart(from, "t10k", "validation");
  const trained = new Set(train.labels);
  const strange = test.labels.findIndex((label) => !trained.has(label));
  if (strange >= 0) {
    const sentence = `label ${
      test.labels[strange]
    } of ${test.file}'s image ${strange} is not among the training labels`;
    throw new UserError(`${from}: ${sentence}.`);
  }
  const classes = Math.max(...trained) + 1;
  const isFashion = createHash("sha256").update(test.labels).digest("hex") === FASHION_MNIST;
  return {
    sources: [...sourcesOf(train, classes), ...sourcesOf(test, classes)],
    refusals: [],
    names: new Map(isFashion ? FASHION_MNIST_NAMES.map((name, label) => [labelId(label, classes), name]) : []),
  };
}

async function readPart(from: string, part: "train" | "t10k", split: Split): Promise<Labelled> {
  const images = await readIdx(from, `${part}-images-idx3-ubyte`, 3);
  const { file, data: labels } = await readIdx(from, `${part}-labels-idx1-ubyte`, 1);
  const [count, height, width] = images.shape;
  if (labels.length !== count) {
    throw new UserError(`${from}/${file} has ${labels.length} labels, but ${images.file} has ${count} images.`);
  }
  const grey = (index: number) => images.data.subarray(index * height * width, (index + 1) * height * width);
  const picture = (index: number) => ({ width, height, data: greyToRgb(grey(index)) });
  return { file: images.file, split, labels, picture };
}

/**
 * Reads `from`/`name`.gz, as it is published, or else the unpacked file: two zero bytes, 8 for unsigned bytes, the number
 * of dimensions, each dimension as an unsigned 32-bit big-endian number, slowest first, and the elements.
 * Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database", "File formats".
 */
async function readIdx(
  from: string,
  name: string,
  dimensions: number,
): Promise<{ file: string; shape: number[]; data: Uint8Array }> {
  const file = await firstOf(from, [`${name}.gz`, name]);
  const path = `${from}/${file}`;
  const bytes = file.endsWith(".gz") ? await readGzip(path) : await readBytes(path);
  const header = 4 + 4 * dimensions;
  const view = new DataView(bytes.buffer);
  if (bytes.length < header || view.getUint32(0) !== 0x0800 + dimensions) {
    throw new UserError(`${path} is not an IDX file of unsigned bytes in ${dimensions} dimensions.`);
  }
  const shape = Array.from({ length: dimensions }, (_, k) => view.getUint32(4 + 4 * k));
  const expected = shape.reduce((product, side) => product * side, 1);
  if (expected === 0) throw new UserError(`${path} is empty: its header says ${shape.join("×")}.`);
  if (bytes.length - header !== expected) {
    const found = bytes.length - header;
    throw new UserError(`${path} is damaged: ${found} bytes follow a header that promises ${shape.join("×")}.`);
  }
  return { file, shape, data: bytes.subarray(header) };
}
