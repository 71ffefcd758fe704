import type { BufferView } from "../../src/gpu/kernel.ts";
import { gatherBatch, type ImageBytes } from "../../src/ops/gather_batch.ts";
import { Random } from "../../src/random.ts";
import { suite } from "../harness.ts";
import type { NdArray } from "../reference/array.ts";
import * as reference from "../reference/gather_batch.ts";
import { cropChannels, engine, evaluate, place, same } from "./engine.ts";

/**
 * Cuts `images` at the given image numbers into buffers of their own, whose last word is padded with 255. The last comes
 * first, so that a dispatch that writes images of a later range spoils what is already there.
 */
async function upload(
  images: Uint8Array,
  size: number,
  bounds: number[],
): Promise<ImageBytes & { views: BufferView[] }> {
  const chunks = [];
  for (const [i, first] of bounds.slice(0, -1).entries()) {
    const bytes = images.subarray(first * size * size * 3, bounds[i + 1] * size * size * 3);
    const words = new Uint8Array(Math.ceil(bytes.length / 4) * 4).fill(255);
    words.set(bytes);
    const view = await place(new Uint32Array(words.buffer), "u32");
    chunks.push({ view, first, images: bounds[i + 1] - first });
  }
  chunks.reverse();
  return { size, chunks, views: chunks.map(({ view }) => view) };
}

async function gather(
  images: Uint8Array,
  size: number,
  bounds: number[],
  draws: reference.BatchDraw[],
): Promise<NdArray> {
  const { gpu } = await engine();
  const data = await upload(images, size, bounds);
  const batch = draws.length;
  const [y] = await evaluate({
    indices: { shape: [batch], data: draws.map(({ index }) => index), dtype: "u32" },
    jitter: { shape: [batch, 4], data: draws.flatMap(({ flip, dx, dy }) => [Number(flip), dy, dx, 99]), dtype: "i32" },
  }, ({ indices, jitter }) => [gatherBatch(indices.graph, data, indices, jitter)]);
  for (const { buffer } of data.views) gpu.free(buffer);
  return cropChannels(y, 3);
}

const still = { flip: false, dx: 0, dy: 0 };

suite("gather batch", (test) => {
  /** [size, batch, bounds of the chunks]; 7·3·3 = 63, 64 and 65 pixels among them. */
  const cases: [number, number, number[]][] = [
    [1, 65, [0, 5]],
    [3, 7, [0, 11]],
    [8, 1, [0, 4, 5]],
    [5, 13, [0, 4, 7, 11]],
    [7, 9, [0, 1, 2, 3]],
    [16, 5, [0, 9, 12]],
  ];
  for (const [size, batch, bounds] of cases) {
    test(`${batch} of ${bounds.at(-1)} images of side ${size} in ${bounds.length - 1} buffers, exact`, async () => {
      const count = bounds[bounds.length - 1];
      const random = new Random(1, `gather ${size}`);
      const images = Uint8Array.from({ length: count * size * size * 3 }, () => random.integer(256));
      const shift = () => random.integer(2 * size + 3) - size - 1;
      const draws = Array.from({ length: batch }, () => ({
        index: random.integer(count),
        flip: random.integer(2) === 1,
        dx: shift(),
        dy: shift(),
      }));
      // The first and the last image, which lie at the ends of their buffers.
      draws[0].index = count - 1;
      draws[batch - 1].index = batch > 1 ? 0 : count - 1;
      same("images", await gather(images, size, bounds, draws), reference.gatherBatch(images, size, draws));
    });
  }

  test("a flip, a shift right and a shift down do what their names say", async () => {
    const images = Uint8Array.from({ length: 27 }, (_, i) => i);
    const first = async (draw: Partial<reference.BatchDraw>) => {
      const { data } = await gather(images, 3, [0, 1], [{ ...still, ...draw, index: 0 }]);
      return { shape: [9], data: Float64Array.from({ length: 9 }, (_, i) => data[3 * i] / 3) };
    };
    const rows = (values: number[]) => ({ shape: [9], data: Float64Array.from(values) });
    same("unchanged", await first({}), rows([0, 1, 2, 3, 4, 5, 6, 7, 8]));
    same("flipped", await first({ flip: true }), rows([2, 1, 0, 5, 4, 3, 8, 7, 6]));
    same("right", await first({ dx: 1 }), rows([0, 0, 1, 3, 3, 4, 6, 6, 7]));
    same("down", await first({ dy: 1 }), rows([0, 1, 2, 0, 1, 2, 3, 4, 5]));
    same("flipped, then right", await first({ flip: true, dx: 1 }), rows([2, 2, 1, 5, 5, 4, 8, 8, 7]));
  });
});
