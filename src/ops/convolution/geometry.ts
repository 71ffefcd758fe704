/** The sizes of a convolution, under the names its kernels give them. */
export interface Geometry {
  batch: number;
  height: number;
  width: number;
  inChannels: number;
  outHeight: number;
  outWidth: number;
  outChannels: number;
  side: number;
  stride: number;
  padding: number;
}

/** @throws Error where shapes do not fit each other or the kernels. */
export function geometryOf(x: readonly number[], w: readonly number[], stride: number, padding: number): Geometry {
  const [batch, height, width, inChannels] = x;
  const [outChannels, side, across, depth] = w;
  const problem = x.length !== 4 || w.length !== 4
    ? "both must have four dimensions"
    : depth !== inChannels
    ? "their input channels differ"
    : side !== across || side > 7
    ? "the kernel must be square, with a side of at most 7"
    : inChannels % 4 !== 0 || outChannels % 4 !== 0
    ? "channels must be a multiple of 4"
    : ![1, 2].includes(stride) || !Number.isInteger(padding) || padding < 0 || padding >= side
    ? `stride ${stride} or padding ${padding} is out of range`
    : null;
  if (problem) throw new Error(`conv2d of [${x}] with [${w}]: ${problem}`);
  const outHeight = Math.floor((height + 2 * padding - side) / stride) + 1;
  const outWidth = Math.floor((width + 2 * padding - side) / stride) + 1;
  if (outHeight < 1 || outWidth < 1) throw new Error(`conv2d of [${x}] with [${w}]: the kernel exceeds the image`);
  return { batch, height, width, inChannels, outHeight, outWidth, outChannels, side, stride, padding };
}

/**
 * The convolution that takes a gradient from the output back to the input, with the filters turned round
 * (kernels/conv2d/turn_weights.wgsl). Its input is the output's gradient, its pixels the former stride apart.
 */
export function backwards(geometry: Geometry): Geometry {
  const { height, width, inChannels, outHeight, outWidth, outChannels, side, padding } = geometry;
  return {
    ...geometry,
    height: outHeight,
    width: outWidth,
    inChannels: outChannels,
    outHeight: height,
    outWidth: width,
    outChannels: inChannels,
    stride: 1,
    padding: side - 1 - padding,
  };
}

/** Of the products whose pixel lies inside the image: the zeros around and, with `spacing`, between pixels are no work. */
export function flopsOf(geometry: Geometry, spacing = 1): number {
  const { batch, height, width, inChannels, outHeight, outWidth, outChannels, side, stride, padding } = geometry;
  const products = (out: number, length: number): number => {
    let count = 0;
    for (let at = 0; at < out; at++) {
      for (let tap = 0; tap < side; tap++) {
        const pixel = (at * stride + tap - padding) / spacing;
        if (Number.isInteger(pixel) && pixel >= 0 && pixel < length) count++;
      }
    }
    return count;
  };
  return 2 * batch * inChannels * outChannels * products(outHeight, height) * products(outWidth, width);
}
