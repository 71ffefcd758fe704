// Convolution, gradient of the input, as the formula says:  dx[n, r, c, i] = Σ over ky, kx, o of  dy[n, (r + padding − ky) / stride, (c + padding − kx) / stride, o] · w[o, ky, kx, i]
// where both divisions leave no remainder and the pixel lies inside dy.
//
// Layout    dx, dy: NHWC; w: OHWI.
// Threads   One value of dx each, neighbours in i; a grid over the limit is folded into y.
// FLOPs     2 · batch · outHeight · outWidth · outChannels · side² · inChannels, less the taps outside the image
// Bytes     4 · (dy + w + dx) at best; as in forward_naive.wgsl, 8 bytes are loaded for 2 FLOPs.

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
@group(0) @binding(1) var<storage, read> dy: array<StoredScalar>;  // [batch, outHeight, outWidth, outChannels]
@group(0) @binding(2) var<storage, read> w: array<f32>;  // [outChannels, side, side, inChannels]
@group(0) @binding(3) var<storage, read_write> dx: array<StoredScalar>;  // [batch, height, width, inChannels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.batch * params.height * params.width * params.inChannels) { return; }
  let channel = i % params.inChannels;
  let column = (i / params.inChannels) % params.width;
  let row = (i / params.inChannels / params.width) % params.height;
  let n = i / params.inChannels / params.width / params.height;
  var sum = 0.0;
  for (var ky = 0u; ky < side; ky++) {
    for (var kx = 0u; kx < side; kx++) {
      // Where a tap lies before dy's first row or column these wrap around to large numbers.
      let below = row + padding - ky;
      let right = column + padding - kx;
      let r = below / stride;
      let c = right / stride;
      if (below % stride == 0 && right % stride == 0 && r < params.outHeight && c < params.outWidth) {
        let pixel = ((n * params.outHeight + r) * params.outWidth + c) * params.outChannels;
        for (var o = 0u; o < params.outChannels; o++) {
          sum += f32(dy[pixel + o]) * w[((o * side + ky) * side + kx) * params.inChannels + channel];
        }
      }
    }
  }
  dx[i] = StoredScalar(sum);
}
