// Convolution, forward, as the formula says:  y[n, r, c, o] = relu?(bias?[o] + Σ over ky, kx, i of  x[n, r·stride + ky − padding, c·stride + kx − padding, i] · w[o, ky, kx, i])
// where bias and rectifier belong to a batch norm folded in (batch_norm/fold.wgsl); in training there is neither.
//
// Layout    x, y: NHWC; w: OHWI. Pixels outside the image count as zero.
// Threads   One value of y each, neighbours in o; a grid over the limit is folded into y.
// FLOPs     2 · batch · outHeight · outWidth · outChannels · side² · inChannels, less the taps outside the image
// Bytes     4 · (x + w + y) at best. Every multiply-add loads both its factors: 8 bytes for 2 FLOPs, so even from a cache
//           that gives 40 GB/s it cannot exceed 10 GFLOP/s.

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias StoredScalar = f32;

override side: u32 = 3;
override stride: u32 = 1;
override padding: u32 = 1;
override biased: bool = false;
override rectify: bool = false;

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
@group(0) @binding(1) var<storage, read> x: array<StoredScalar>;  // [batch, height, width, inChannels]
@group(0) @binding(2) var<storage, read> w: array<f32>;  // [outChannels, side, side, inChannels]
@group(0) @binding(3) var<storage, read> bias: array<f32>;  // [outChannels]
@group(0) @binding(4) var<storage, read_write> y: array<StoredScalar>;  // [batch, outHeight, outWidth, outChannels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.batch * params.outHeight * params.outWidth * params.outChannels) { return; }
  let o = i % params.outChannels;
  let column = (i / params.outChannels) % params.outWidth;
  let row = (i / params.outChannels / params.outWidth) % params.outHeight;
  let n = i / params.outChannels / params.outWidth / params.outHeight;
  var sum = 0.0;
  if (biased) { sum = bias[o]; }
  for (var ky = 0u; ky < side; ky++) {
    for (var kx = 0u; kx < side; kx++) {
      // Left of and above the image these wrap around to large numbers.
      let r = row * stride + ky - padding;
      let c = column * stride + kx - padding;
      if (r < params.height && c < params.width) {
        let pixel = ((n * params.height + r) * params.width + c) * params.inChannels;
        let tap = ((o * side + ky) * side + kx) * params.inChannels;
        for (var k = 0u; k < params.inChannels; k++) { sum += f32(x[pixel + k]) * w[tap + k]; }
      }
    }
  }
  y[i] = StoredScalar(select(sum, 0, rectify && sum < 0));
}
