// Convolution, gradient of the weight, as the formula says:  dw[o, ky, kx, i] = Σ over n, r, c of  dy[n, r, c, o] · x[n, r·stride + ky − padding, c·stride + kx − padding, i]
//
// Layout    x, dy: NHWC; dw: OHWI.
// Threads   One value of dw each, neighbours in i, walking over all pixels in order.
// FLOPs     2 · batch · outHeight · outWidth · outChannels · side² · inChannels, less the taps outside the image
// Bytes     4 · (x + dy + dw) at best; as in forward_naive.wgsl, 8 bytes are loaded for 2 FLOPs.

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias StoredScalar = f32;

override side: u32 = 3;
override stride: u32 = 1;
override padding: u32 = 1;

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
@group(0) @binding(2) var<storage, read> dy: array<StoredScalar>;  // [batch, outHeight, outWidth, outChannels]
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;  // [outChannels, side, side, inChannels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.outChannels * side * side * params.inChannels) { return; }
  let channel = i % params.inChannels;
  let kx = (i / params.inChannels) % side;
  let ky = (i / params.inChannels / side) % side;
  let o = i / params.inChannels / side / side;
  var sum = 0.0;
  for (var n = 0u; n < params.batch; n++) {
    for (var row = 0u; row < params.outHeight; row++) {
      let r = row * stride + ky - padding;
      if (r >= params.height) { continue; }
      for (var column = 0u; column < params.outWidth; column++) {
        let c = column * stride + kx - padding;
        if (c >= params.width) { continue; }
        let upstream = f32(dy[((n * params.outHeight + row) * params.outWidth + column) * params.outChannels + o]);
        sum += upstream * f32(x[((n * params.height + r) * params.width + c) * params.inChannels + channel]);
      }
    }
  }
  dw[i] = sum;
}
