// Convolution, forward:  y[n, r, c, o] = relu?(bias?[o] + Σ over ky, kx, i of  x[n, r·stride + ky − padding, c·stride + kx − padding, i] · w[o, ky, kx, i])
// where bias and rectifier belong to a batch norm folded in (batch_norm/fold.wgsl); in training there is neither.
//
// Layout    x, y: NHWC; w: OHWI; channels in vec4s. Pixels outside the image count as zero.
// Threads   One holds 1, 2 or 4 output channels of a tile of images × rows × columns in registers, 32 sums at most. The
//           workgroup's 8 lanes hold neighbouring output channels of the SAME tile, so every address into x is uniform:
//           one load and a broadcast. Each weight vec4 loaded per lane is used for all pixels of the tile.
// FLOPs     2 · batch · outHeight · outWidth · outChannels · side² · inChannels, less the taps outside the image
// Bytes     4 · (x + w + y) at best; x is read again for every workgroup of channels, w for every tile.
// Source    Direct convolution with register tiling; cf. Georganas et al., "Anatomy of High-Performance Deep Learning
//           Convolutions on SIMD Architectures", SC 2018.

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;
alias StoredScalar = f32;

override side: u32 = 3;
override stride: u32 = 1;
override padding: u32 = 1;
override biased: bool = false;
override rectify: bool = false;
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
@group(0) @binding(1) var<storage, read> x: array<Stored>;  // [batch, height, width, inChannels]
@group(0) @binding(2) var<storage, read> w: array<vec4f>;  // [outChannels, side, side, inChannels]
@group(0) @binding(3) var<storage, read> bias: array<f32>;  // [outChannels]
@group(0) @binding(4) var<storage, read_write> y: array<StoredScalar>;  // [batch, outHeight, outWidth, outChannels]

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let inQuads = params.inChannels / 4;
  let tilesAcross = (params.outWidth + tileColumns - 1) / tileColumns;
  let image0 = group.z * tileImages;
  let row0 = (group.y / tilesAcross) * tileRows;
  let column0 = (group.y % tilesAcross) * tileColumns;
  // Lanes past the last channel repeat it and store nothing: cheaper than a divergent loop.
  let channel0 = min((group.x * 8 + lane) * laneChannels, params.outChannels - laneChannels);
  let filterSize = side * side * inQuads;

  var sums: array<f32, 32>;
  if (biased) {
    for (var i = 0u; i < 32; i++) { sums[i] = bias[channel0 + i % laneChannels]; }
  }
  for (var ky = 0u; ky < side; ky++) {
    for (var i = 0u; i < inQuads; i++) {
      var weights: array<vec4f, 28>;
      for (var kx = 0u; kx < side; kx++) {
        for (var o = 0u; o < laneChannels; o++) {
          weights[kx * laneChannels + o] = w[(channel0 + o) * filterSize + (ky * side + kx) * inQuads + i];
        }
      }
      for (var image = 0u; image < tileImages; image++) {
        let n = min(image0 + image, params.batch - 1);
        for (var row = 0u; row < tileRows; row++) {
          let r = i32((row0 + row) * stride + ky) - i32(padding);
          if (r < 0 || r >= i32(params.height)) { continue; }
          let rowStart = (n * params.height + u32(r)) * params.width;
          var pixels: array<vec4f, 24>;
          for (var k = 0u; k < (tileColumns - 1) * stride + side; k++) {
            let c = i32(column0 * stride + k) - i32(padding);
            let inside = c >= 0 && c < i32(params.width);
            let pixel = vec4f(x[(rowStart + u32(clamp(c, 0, i32(params.width) - 1))) * inQuads + i]);
            pixels[k] = select(vec4f(0), pixel, inside);
          }
          for (var kx = 0u; kx < side; kx++) {
            for (var column = 0u; column < tileColumns; column++) {
              let at = ((image * tileRows + row) * tileColumns + column) * laneChannels;
              for (var o = 0u; o < laneChannels; o++) {
                let weight = weights[kx * laneChannels + o];
                let pixel = pixels[column * stride + kx];
                sums[at + o] = fma(
                  weight.w, pixel.w, fma(weight.z, pixel.z, fma(weight.y, pixel.y, fma(weight.x, pixel.x, sums[at + o]))));
              }
            }
          }
        }
      }
    }
  }

  if ((group.x * 8 + lane) * laneChannels >= params.outChannels) { return; }
  for (var image = 0u; image < tileImages; image++) {
    for (var row = 0u; row < tileRows; row++) {
      for (var column = 0u; column < tileColumns; column++) {
        let n = image0 + image;
        let r = row0 + row;
        let c = column0 + column;
        if (n < params.batch && r < params.outHeight && c < params.outWidth) {
          let at = ((n * params.outHeight + r) * params.outWidth + c) * params.outChannels + channel0;
          for (var o = 0u; o < laneChannels; o++) {
            let sum = sums[((image * tileRows + row) * tileColumns + column) * laneChannels + o];
            y[at + o] = StoredScalar(select(sum, 0, rectify && sum < 0));
          }
        }
      }
    }
  }
}
