// Convolution, gradient of the input:  dx[n, r, c, i] = Σ over ky, kx, o of  dy[n, (r + padding − ky) / stride, (c + padding − kx) / stride, o] · w[o, ky, kx, i]
// where both divisions leave no remainder and the pixel lies inside dy.
//
// Layout    dx, dy: NHWC; w: OHWI; dy's channels in vec4s.
// Threads   As in forward.wgsl with the channels' roles exchanged: 1, 2 or 4 input channels per lane, 8 lanes on one tile
//           of images × rows × columns of dx, dy at uniform addresses. Tiles begin at multiples of the stride, so
//           which taps meet which pixels is known when the loops unroll.
// FLOPs     2 · batch · outHeight · outWidth · outChannels · side² · inChannels, less the taps outside the image
// Bytes     4 · (dy + w + dx) at best; dy is read again for every workgroup of channels, w for every tile.
// Source    Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, section 4.

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;
alias StoredScalar = f32;

override side: u32 = 3;
override stride: u32 = 1;
override padding: u32 = 1;
override laneChannels: u32 = 4;
override tileImages: u32 = 1;
override tileRows: u32 = 4;
override tileColumns: u32 = 4;

struct Params {
  batch: u32,
  height: u32,
  width: u32,
  inChannels: u32,
  outHeight: u32,
  outWidth: u32,
  outChannels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<Stored>;  // [batch, outHeight, outWidth, outChannels]
@group(0) @binding(2) var<storage, read> w: array<f32>;  // [outChannels, side, side, inChannels]
@group(0) @binding(3) var<storage, read_write> dx: array<StoredScalar>;  // [batch, height, width, inChannels]

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let outQuads = params.outChannels / 4;
  let tilesAcross = (params.width + tileColumns - 1) / tileColumns;
  let image0 = group.z * tileImages;
  let row0 = (group.y / tilesAcross) * tileRows;
  let column0 = (group.y % tilesAcross) * tileColumns;
  let channel0 = min((group.x * 8 + lane) * laneChannels, params.inChannels - laneChannels);
  let filterSize = side * side * params.inChannels;
  // The first column of dy that any tap of this tile reads, to the left of column0 / stride.
  let reach = (side - 1) / stride;
  let count = (tileColumns - 1 + padding) / stride + reach + 1;

  var sums: array<f32, 32>;
  for (var ky = 0u; ky < side; ky++) {
    for (var o = 0u; o < outQuads; o++) {
      var weights: array<vec4f, 28>;
      for (var kx = 0u; kx < side; kx++) {
        for (var i = 0u; i < laneChannels; i++) {
          let at = o * 4 * filterSize + (ky * side + kx) * params.inChannels + channel0 + i;
          weights[kx * laneChannels + i] =
            vec4f(w[at], w[at + filterSize], w[at + 2 * filterSize], w[at + 3 * filterSize]);
        }
      }
      for (var image = 0u; image < tileImages; image++) {
        let n = min(image0 + image, params.batch - 1);
        for (var row = 0u; row < tileRows; row++) {
          // Multiples of the stride are added so that the division is of a positive number.
          let above = row + padding + side * stride - ky;
          if (above % stride == 0) {
            let r = i32(row0 / stride + above / stride) - i32(side);
            let rowInside = r >= 0 && r < i32(params.outHeight);
            let rowStart = (n * params.outHeight + u32(clamp(r, 0, i32(params.outHeight) - 1))) * params.outWidth;
            var pixels: array<vec4f, 24>;
            for (var k = 0u; k < count; k++) {
              let c = i32(column0 / stride + k) - i32(reach);
              let inside = rowInside && c >= 0 && c < i32(params.outWidth);
              let pixel = vec4f(dy[(rowStart + u32(clamp(c, 0, i32(params.outWidth) - 1))) * outQuads + o]);
              pixels[k] = select(vec4f(0), pixel, inside);
            }
            for (var kx = 0u; kx < side; kx++) {
              for (var column = 0u; column < tileColumns; column++) {
                let left = column + padding + reach * stride - kx;
                if (left % stride == 0) {
                  let at = ((image * tileRows + row) * tileColumns + column) * laneChannels;
                  for (var i = 0u; i < laneChannels; i++) {
                    sums[at + i] += dot(weights[kx * laneChannels + i], pixels[left / stride]);
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  if ((group.x * 8 + lane) * laneChannels >= params.inChannels) { return; }
  for (var image = 0u; image < tileImages; image++) {
    for (var row = 0u; row < tileRows; row++) {
      for (var column = 0u; column < tileColumns; column++) {
        let n = image0 + image;
        let r = row0 + row;
        let c = column0 + column;
        if (n < params.batch && r < params.height && c < params.width) {
          let at = ((n * params.height + r) * params.width + c) * params.inChannels + channel0;
          for (var i = 0u; i < laneChannels; i++) {
            dx[at + i] = StoredScalar(sums[((image * tileRows + row) * tileColumns + column) * laneChannels + i]);
          }
        }
      }
    }
  }
}
