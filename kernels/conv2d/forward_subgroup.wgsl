// Convolution, forward, with subgroups:  y[n, r, c, o] = relu?(bias?[o] + Σ over ky, kx, i of  x[n, (r·stride + ky − padding) / spacing, (c·stride + kx − padding) / spacing, i] · w[o, ky, kx, i])
// where bias and rectifier belong to a batch norm folded in (batch_norm/fold.wgsl); in training there is neither. A
// spacing of 2 sets the pixels of x apart with zeros between: with dy as x, the gradient of the input at stride 2.
//
// Layout    x, y: NHWC; w: OHWI; channels in vec4s. Pixels outside the image count as zero.
// Threads   One holds a strip of up to 32 / laneChannels pixels × laneChannels channels in registers; the 8 lanes of a
//           workgroup hold neighbouring channels of the same strip, and the workgroup must be one subgroup. A strip is the
//           same row of stripImages images side by side or, where rows are long, stripColumns pixels of one. The lanes load
//           8 pixels of x at a time, one each, and hand them round. Taps that fall beside or between the pixels of a whole
//           row cost nothing, nor do those above and below the image.
// FLOPs     2 · batch · outHeight · outWidth · outChannels · side² · inChannels / spacing², less the taps outside the image
// Bytes     4 · (x + w + y) at best; x is read again for every ky and workgroup of channels, w for every strip.
// Source    Direct convolution with register tiling; cf. Georganas et al., "Anatomy of High-Performance Deep Learning
//           Convolutions on SIMD Architectures", SC 2018.

enable subgroups;

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;
alias StoredScalar = f32;

override side: u32 = 3;
override stride: u32 = 1;
override spacing: u32 = 1;
override padding: u32 = 1;
override biased: bool = false;
override rectify: bool = false;
override laneChannels: u32 = 1;
override stripImages: u32 = 1;
override stripColumns: u32 = 32;
// The width of x where strips hold whole rows, 0 where they hold parts.
override rowWidth: u32 = 0;

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

// Eights of pixels of x under a strip, at most.
const most = 5u;
alias Sums = array<f32, 32>;
alias Strip = array<vec4f, 8 * most>;
alias Weights = array<vec4f, 28>;

// Which pixel in the strip of x meets tap `kx` at pixel `p` of the strip of y, -1 where none does. All of it is known when
// the kernel is compiled.
fn met(p: u32, kx: u32) -> i32 {
  let column = i32(p % stripColumns * stride + kx) - i32(padding);  // from the strip's first, zeros between pixels counted
  let pixel = column / i32(spacing);
  let between = pixel * i32(spacing) != column;
  if (rowWidth == 0) { return select(pixel + i32(padding / spacing), -1, between); }
  return select(i32(p / stripColumns * rowWidth) + pixel, -1, between || column < 0 || pixel >= i32(rowWidth));
}

// Adds the products of a row of taps and the strip's pixels `first` to `first + 7`. The loop over its eights is written out
// below: lavapipe's compiler unrolls only so much.
fn multiply(sums: ptr<function, Sums>, strip: ptr<function, Strip>, weights: ptr<function, Weights>, first: u32) {
  for (var kx = 0u; kx < side; kx++) {
    for (var p = first; p < first + 8; p++) {
      let place = met(p, kx);
      if (place >= 0 && p < stripImages * stripColumns) {
        let pixel = (*strip)[place];
        for (var o = 0u; o < laneChannels; o++) {
          let weight = (*weights)[kx * laneChannels + o];
          let at = p * laneChannels + o;
          (*sums)[at] =
            fma(weight.w, pixel.w, fma(weight.z, pixel.z, fma(weight.y, pixel.y, fma(weight.x, pixel.x, (*sums)[at]))));
        }
      }
    }
  }
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let stripPixels = stripImages * stripColumns;
  let loaded = select((stripColumns - 1) * stride / spacing + side, stripImages * rowWidth, rowWidth > 0);
  let stripsAcross = (params.outWidth + stripColumns - 1) / stripColumns;
  let inQuads = params.inChannels / 4;
  let filterSize = side * side * inQuads;
  let image0 = group.z * stripImages;
  let row = group.y / stripsAcross;
  let column0 = group.y % stripsAcross * stripColumns;
  // Lanes past the last channel repeat it and store nothing: cheaper than a divergent loop.
  let channel0 = min((group.x * 8 + lane) * laneChannels, params.outChannels - laneChannels);

  // Where this lane's pixels of x lie in the image's first row, and whether they are inside.
  var places: array<u32, most>;
  var inside: array<bool, most>;
  for (var k = 0u; k < most; k++) {
    let at = 8 * k + lane;
    var image = image0;
    var column = i32(column0 * stride / spacing + at) - i32(padding / spacing);
    if (rowWidth > 0) {
      image += at / max(rowWidth, 1);
      column = i32(at % max(rowWidth, 1));
    }
    inside[k] = column >= 0 && column < i32(params.width);
    let first = min(image, params.batch - 1) * params.height * params.width;
    places[k] = (first + u32(clamp(column, 0, i32(params.width) - 1))) * inQuads;
  }

  var sums: Sums;
  if (biased) {
    for (var i = 0u; i < 32; i++) { sums[i] = bias[channel0 + i % laneChannels]; }
  }
  for (var ky = 0u; ky < side; ky++) {
    let wide = i32(row * stride + ky) - i32(padding);
    let r = u32(wide) / spacing;
    for (var i = 0u; i < inQuads; i++) {
      // In this loop, not around it, for the same reason as below.
      if (wide < 0 || r * spacing != u32(wide) || r >= params.height) { continue; }
      var weights: Weights;
      for (var kx = 0u; kx < side; kx++) {
        for (var o = 0u; o < laneChannels; o++) {
          weights[kx * laneChannels + o] = w[(channel0 + o) * filterSize + (ky * side + kx) * inQuads + i];
        }
      }
      var strip: Strip;
      for (var k = 0u; k < most; k++) {
        if (8 * k < loaded) {
          var own = vec4f(x[places[k] + r * params.width * inQuads + i]);
          if (rowWidth == 0) { own = select(vec4f(0), own, inside[k]); }
          strip[8 * k] = subgroupBroadcast(own, 0u);
          strip[8 * k + 1] = subgroupBroadcast(own, 1u);
          strip[8 * k + 2] = subgroupBroadcast(own, 2u);
          strip[8 * k + 3] = subgroupBroadcast(own, 3u);
          strip[8 * k + 4] = subgroupBroadcast(own, 4u);
          strip[8 * k + 5] = subgroupBroadcast(own, 5u);
          strip[8 * k + 6] = subgroupBroadcast(own, 6u);
          strip[8 * k + 7] = subgroupBroadcast(own, 7u);
        }
      }
      // Never true, but it ends a block of instructions: lavapipe's compiler arranges two short ones better than a long one.
      if (params.batch == 0) { continue; }
      multiply(&sums, &strip, &weights, 0);
      if (stripPixels > 8) { multiply(&sums, &strip, &weights, 8); }
      if (stripPixels > 16) { multiply(&sums, &strip, &weights, 16); }
      if (stripPixels > 24) { multiply(&sums, &strip, &weights, 24); }
    }
  }

  if ((group.x * 8 + lane) * laneChannels >= params.outChannels) { return; }
  for (var at = 0u; at < 32; at++) {
    let p = at / laneChannels;
    let n = image0 + p / stripColumns;
    let c = column0 + p % stripColumns;
    if (p < stripPixels && n < params.batch && c < params.outWidth) {
      let sum = sums[at];
      y[((n * params.outHeight + row) * params.outWidth + c) * params.outChannels + channel0 + at % laneChannels] =
        StoredScalar(select(sum, 0, rectify && sum < 0));
    }
  }
}
