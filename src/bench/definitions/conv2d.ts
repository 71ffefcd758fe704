/** The three passes of a convolution; see src/ops/conv2d.ts. */
import { coordinates, type Definition } from "./definition.ts";

const forward: Definition = {
  outputs: {
    y: (index, { x, w, bias }, s) => {
      const [n, r, c, o] = coordinates(index, [s.batch, s.outHeight, s.outWidth, s.outChannels]);
      let total = s.biased === 1 ? bias[o] : 0;
      for (let ky = 0; ky < s.side; ky++) {
        for (let kx = 0; kx < s.side; kx++) {
          const row = r * s.stride + ky - s.padding;
          const column = c * s.stride + kx - s.padding;
          if (row < 0 || row >= s.height || column < 0 || column >= s.width) continue;
          const xAt = ((n * s.height + row) * s.width + column) * s.inChannels;
          const wAt = ((o * s.side + ky) * s.side + kx) * s.inChannels;
          for (let i = 0; i < s.inChannels; i++) total += x[xAt + i] * w[wAt + i];
        }
      }
      return s.rectify === 1 ? Math.max(total, 0) : total;
    },
  },
};

const inputGradient: Definition = {
  outputs: {
    dx: (index, { dy, w }, s) => {
      const [n, row, column, i] = coordinates(index, [s.batch, s.height, s.width, s.inChannels]);
      let total = 0;
      for (let ky = 0; ky < s.side; ky++) {
        for (let kx = 0; kx < s.side; kx++) {
          const r = (row + s.padding - ky) / s.stride;
          const c = (column + s.padding - kx) / s.stride;
          if (!Number.isInteger(r) || !Number.isInteger(c)) continue;
          if (r < 0 || r >= s.outHeight || c < 0 || c >= s.outWidth) continue;
          const yAt = ((n * s.outHeight + r) * s.outWidth + c) * s.outChannels;
          for (let o = 0; o < s.outChannels; o++) {
            total += dy[yAt + o] * w[((o * s.side + ky) * s.side + kx) * s.inChannels + i];
          }
        }
      }
      return total;
    },
  },
};

const weightGradient: Definition = {
  outputs: {
    dw: (index, { x, dy }, s) => {
      const [o, ky, kx, i] = coordinates(index, [s.outChannels, s.side, s.side, s.inChannels]);
      let total = 0;
      for (let n = 0; n < s.batch; n++) {
        for (let r = 0; r < s.outHeight; r++) {
          const row = r * s.stride + ky - s.padding;
          if (row < 0 || row >= s.height) continue;
          for (let c = 0; c < s.outWidth; c++) {
            const column = c * s.stride + kx - s.padding;
            if (column < 0 || column >= s.width) continue;
            total += dy[((n * s.outHeight + r) * s.outWidth + c) * s.outChannels + o] *
              x[((n * s.height + row) * s.width + column) * s.inChannels + i];
          }
        }
      }
      return total;
    },
  },
};

/** By kernel; versions of one kernel share its definition. */
export const conv2d: Record<string, Definition> = {
  "conv2d/forward": forward,
  "conv2d/input_gradient": inputGradient,
  "conv2d/weight_gradient": weightGradient,
};
