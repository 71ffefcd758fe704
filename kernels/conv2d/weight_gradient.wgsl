// Convolution, gradient of the weight:  dw[o, ky, kx, i] = Σ over n, r, c of  dy[n, r, c, o] · x[n, r·stride + ky − padding, c·stride + kx − padding, i]
//
// Layout    x, dy: NHWC; dw: OHWI; channels in vec4s.
// Threads   One holds one row of taps (ky) × 4 input channels × 4 output channels in registers and walks over all pixels in
//           order, so the sum has one fixed order. The 8 lanes of a workgroup hold 32 output channels of the same taps:
//           x at uniform addresses, dy one vec4 per lane and pixel, used for `side` taps × 4 channels.
// FLOPs     2 · batch · outHeight · outWidth · outChannels · side² · inChannels, less the taps outside the image
// Bytes     4 · (x + dy + dw) at best; x is read again for every 32 output channels and each ky, dy for every 4 input channels and ky.
// Source    As forward.wgsl.

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;

override side: u32 = 3;
override stride: u32 = 1;
override padding: u32 = 1;
// Pixels of a row of dy that are unrolled together, so that their taps share x.
override run: u32 = 4;

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
@group(0) @binding(2) var<storage, read> dy: array<Stored>;  // [batch, outHeight, outWidth, outChannels]
@group(0) @binding(3) var<storage, read_write> dw: array<vec4f>;  // [outChannels, side, side, inChannels]

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let inQuads = params.inChannels / 4;
  let outQuads = params.outChannels / 4;
  let i = group.y;
  let ky = group.z;
  let quad = min(group.x * 8 + lane, outQuads - 1);

  var sums: array<mat4x4f, 7>;
  for (var n = 0u; n < params.batch; n++) {
    for (var row = 0u; row < params.outHeight; row++) {
      let r = i32(row * stride + ky) - i32(padding);
      if (r < 0 || r >= i32(params.height)) { continue; }
      let rowStart = (n * params.height + u32(r)) * params.width;
      let upstreamStart = (n * params.outHeight + row) * params.outWidth;
      for (var column0 = 0u; column0 < params.outWidth; column0 += run) {
        var pixels: array<vec4f, 16>;
        for (var k = 0u; k < (run - 1) * stride + side; k++) {
          let c = i32(column0 * stride + k) - i32(padding);
          let inside = c >= 0 && c < i32(params.width);
          let pixel = vec4f(x[(rowStart + u32(clamp(c, 0, i32(params.width) - 1))) * inQuads + i]);
          pixels[k] = select(vec4f(0), pixel, inside);
        }
        for (var k = 0u; k < run; k++) {
          let column = min(column0 + k, params.outWidth - 1);
          let loaded = vec4f(dy[(upstreamStart + column) * outQuads + quad]);
          let upstream = select(vec4f(0), loaded, column0 + k < params.outWidth);
          for (var kx = 0u; kx < side; kx++) {
            let pixel = pixels[k * stride + kx];
            sums[kx] += mat4x4f(upstream.x * pixel, upstream.y * pixel, upstream.z * pixel, upstream.w * pixel);
          }
        }
      }
    }
  }

  if (group.x * 8 + lane >= outQuads) { return; }
  for (var kx = 0u; kx < side; kx++) {
    for (var o = 0u; o < 4; o++) {
      dw[((quad * 4 + o) * side + ky) * side * inQuads + kx * inQuads + i] = sums[kx][o];
    }
  }
}
