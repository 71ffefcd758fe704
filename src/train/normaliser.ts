/** The normaliser of a data set, measured on its training images. */
import type { Pack } from "../data/pack.ts";
import type { Normaliser } from "../ops/standardise.ts";

/** Images looked at: evenly spread over the split, enough for three digits of mean and deviation. */
const sample = 4096;

/** Mean and standard deviation per channel, in 0–255 units, rounded to three decimals. */
export async function measureNormaliser(pack: Pack): Promise<Normaliser> {
  const count = pack.count("train");
  const stride = Math.max(1, Math.floor(count / sample));
  const histogram = [0, 1, 2].map(() => new Float64Array(256));
  for (let image = 0; image < count; image += stride) {
    const bytes = await pack.images("train", image, image + 1);
    for (let i = 0; i < bytes.length; i++) histogram[i % 3][bytes[i]]++;
  }
  const moments = histogram.map((counts) => {
    const total = counts.reduce((sum, n) => sum + n, 0);
    const mean = counts.reduce((sum, n, value) => sum + n * value, 0) / total;
    const variance = counts.reduce((sum, n, value) => sum + n * (value - mean) ** 2, 0) / total;
    // A set of one colour has no deviation to divide by.
    return [mean, Math.sqrt(variance) || 1].map((value) => Math.round(value * 1000) / 1000);
  });
  const [[r, sr], [g, sg], [b, sb]] = moments;
  return { mean: [r, g, b], std: [sr, sg, sb] };
}
