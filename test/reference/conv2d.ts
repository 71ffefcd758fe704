/**
 * Two-dimensional convolution (cross-correlation, as in every deep-learning library), NHWC with OHWI weights:
 *   y[n, oy, ox, o] = bias[o] + Σ_{ky, kx, i} x[n, oy·s + ky − p, ox·s + kx − p, i] · w[o, ky, kx, i]
 * with zeros outside x. Both gradients are the same sum read the other way round.
 */
import { type NdArray, zeros } from "./array.ts";

/** The output's shape: sides floor((side + 2p − k)/s) + 1. */
export function conv2dShape(xShape: number[], wShape: number[], stride: number, padding: number): number[] {
  const [n, h, w] = xShape;
  const [o, kh, kw] = wShape;
  const side = (length: number, kernel: number) => Math.floor((length + 2 * padding - kernel) / stride) + 1;
  return [n, side(h, kh), side(w, kw), o];
}

/** x [N, H, W, I], w [O, kh, kw, I], bias [O] → y [N, OH, OW, O]. */
export function conv2d(x: NdArray, w: NdArray, stride: number, padding: number, bias?: NdArray): NdArray {
  const y = zeros(conv2dShape(x.shape, w.shape, stride, padding));
  const [outputs, kh, kw, inputs] = w.shape;
  const [xs, ws, ys] = [x.data, w.data, y.data];
  if (bias) ys.forEach((_, i) => ys[i] = bias.data[i % outputs]);
  forEachTap(x.shape, w.shape, stride, padding, (xAt, wAt, yAt) => {
    for (let o = 0; o < outputs; o++) {
      const row = wAt + o * kh * kw * inputs;
      let sum = 0;
      for (let i = 0; i < inputs; i++) sum += xs[xAt + i] * ws[row + i];
      ys[yAt + o] += sum;
    }
  });
  return y;
}

/** dy [N, OH, OW, O], w [O, kh, kw, I] → dx of shape xShape. */
export function conv2dInputGradient(
  dy: NdArray,
  w: NdArray,
  xShape: number[],
  stride: number,
  padding: number,
): NdArray {
  const dx = zeros(xShape);
  const [outputs, kh, kw, inputs] = w.shape;
  const [dxs, ws, dys] = [dx.data, w.data, dy.data];
  forEachTap(xShape, w.shape, stride, padding, (xAt, wAt, yAt) => {
    for (let o = 0; o < outputs; o++) {
      const row = wAt + o * kh * kw * inputs;
      for (let i = 0; i < inputs; i++) dxs[xAt + i] += dys[yAt + o] * ws[row + i];
    }
  });
  return dx;
}

/** x [N, H, W, I], dy [N, OH, OW, O] → dw of shape wShape. */
export function conv2dWeightGradient(
  x: NdArray,
  dy: NdArray,
  wShape: number[],
  stride: number,
  padding: number,
): NdArray {
  const dw = zeros(wShape);
  const [outputs, kh, kw, inputs] = wShape;
  const [xs, dws, dys] = [x.data, dw.data, dy.data];
  forEachTap(x.shape, wShape, stride, padding, (xAt, wAt, yAt) => {
    for (let o = 0; o < outputs; o++) {
      const row = wAt + o * kh * kw * inputs;
      for (let i = 0; i < inputs; i++) dws[row + i] += dys[yAt + o] * xs[xAt + i];
    }
  });
  return dw;
}

/** dy [N, OH, OW, O] → dbias [O]. */
export function conv2dBiasGradient(dy: NdArray): NdArray {
  const outputs = dy.shape[3];
  const db = zeros([outputs]);
  dy.data.forEach((upstream, i) => db.data[i % outputs] += upstream);
  return db;
}

/**
 * Visits every (output pixel, kernel tap) whose input pixel lies inside x, with the flat offsets of
 * x[n, iy, ix, 0], w[0, ky, kx, 0] and y[n, oy, ox, 0].
 */
function forEachTap(
  xShape: number[],
  wShape: number[],
  stride: number,
  padding: number,
  visit: (xAt: number, wAt: number, yAt: number) => void,
): void {
  const [images, height, width, inputs] = xShape;
  const [outputs, kh, kw] = wShape;
  const [, outHeight, outWidth] = conv2dShape(xShape, wShape, stride, padding);
  for (let n = 0; n < images; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        const yAt = ((n * outHeight + oy) * outWidth + ox) * outputs;
        for (let ky = 0; ky < kh; ky++) {
          const iy = oy * stride + ky - padding;
          if (iy < 0 || iy >= height) continue;
          for (let kx = 0; kx < kw; kx++) {
            const ix = ox * stride + kx - padding;
            if (ix < 0 || ix >= width) continue;
            visit(((n * height + iy) * width + ix) * inputs, (ky * kw + kx) * inputs, yAt);
          }
        }
      }
    }
  }
}
