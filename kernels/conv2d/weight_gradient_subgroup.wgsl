// Convolution, gradient of the weight, with subgroups:  dw[o, ky, kx, i] = Σ over n, r, c of  dy[n, r, c, o] · x[n, r·stride + ky − padding, c·stride + kx − padding, i]
//
// Layout    x, dy: NHWC; dw: OHWI; input channels in vec4s.
// Threads   One holds one row of taps (ky) × a few vec4s of input channels × 1 or 2 output channels in registers and walks over
//           all pixels in order, so the sum has one fixed order. The 8 lanes of a workgroup hold neighbouring output
//           channels of the same taps: each loads its own dy and one of 8 neighbouring pixels of x, which the lanes hand
//           round. The workgroup must be one subgroup.
// FLOPs     2 · batch · outHeight · outWidth · outChannels · side² · inChannels
// Bytes     4 · (x + dy + dw) at best; x is read again for every workgroup of output channels and each ky, dy for every
//           group of input channels and ky.
// Source    As forward.wgsl.

enable subgroups;

override side: u32 = 3;
override stride: u32 = 1;
// Pixels of a row of dy that are unrolled together, so that their taps share x.
override run: u32 = 4;
override laneChannels: u32 = 2;
// Vec4s of input channels per thread.
override threadQuads: u32 = 2;

struct Params {
  batch: u32,
  height: u32,
  width: u32,
  inChannels: u32,
  outHeight: u32,
  outWidth: u32,
  outChannels: u32,
  padding: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;  // [batch, height, width, inChannels]
@group(0) @binding(2) var<storage, read> dy: array<f32>;  // [batch, outHeight, outWidth, outChannels]
@group(0) @binding(3) var<storage, read_write> dw: array<vec4f>;  // [outChannels, side, side, inChannels]

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let inQuads = params.inChannels / 4;
  let quad0 = group.y * threadQuads;
  let ky = group.z;
  let channel0 = min((group.x * 8 + lane) * laneChannels, params.outChannels - laneChannels);

  // sums[(quad · side + kx) · laneChannels + o]
  var sums: array<vec4f, 32>;
  for (var n = 0u; n < params.batch; n++) {
    for (var row = 0u; row < params.outHeight; row++) {
      let r = i32(row * stride + ky) - i32(params.padding);
      let rowInside = r >= 0 && r < i32(params.height);
      let rowStart = (n * params.height + u32(clamp(r, 0, i32(params.height) - 1))) * params.width;
      let upstreamStart = (n * params.outHeight + row) * params.outWidth;
      for (var column0 = 0u; column0 < params.outWidth; column0 += run) {
        var upstream: array<f32, 32>;
        for (var k = 0u; k < run; k++) {
          let column = min(column0 + k, params.outWidth - 1);
          for (var o = 0u; o < laneChannels; o++) {
            let loaded = dy[(upstreamStart + column) * params.outChannels + channel0 + o];
            upstream[k * laneChannels + o] = select(0.0, loaded, column0 + k < params.outWidth);
          }
        }
        let c = i32(column0 * stride + lane) - i32(params.padding);
        let at = (rowStart + u32(clamp(c, 0, i32(params.width) - 1))) * inQuads;
        let inside = rowInside && c >= 0 && c < i32(params.width);
        let farAt = (rowStart + u32(clamp(c + 8, 0, i32(params.width) - 1))) * inQuads;
        let farInside = rowInside && c + 8 >= 0 && c + 8 < i32(params.width);
        for (var quad = 0u; quad < threadQuads; quad++) {
          let i = min(quad0 + quad, inQuads - 1);
          let near = select(vec4f(0), x[at + i], inside);
          var far = vec4f(0);
          if ((run - 1) * stride + side > 8) { far = select(vec4f(0), x[farAt + i], farInside); }
          var pixels: array<vec4f, 16>;
          pixels[0] = subgroupBroadcast(near, 0u);
          pixels[1] = subgroupBroadcast(near, 1u);
          pixels[2] = subgroupBroadcast(near, 2u);
          pixels[3] = subgroupBroadcast(near, 3u);
          pixels[4] = subgroupBroadcast(near, 4u);
          pixels[5] = subgroupBroadcast(near, 5u);
          pixels[6] = subgroupBroadcast(near, 6u);
          pixels[7] = subgroupBroadcast(near, 7u);
          pixels[8] = subgroupBroadcast(far, 0u);
          pixels[9] = subgroupBroadcast(far, 1u);
          pixels[10] = subgroupBroadcast(far, 2u);
          pixels[11] = subgroupBroadcast(far, 3u);
          pixels[12] = subgroupBroadcast(far, 4u);
          pixels[13] = subgroupBroadcast(far, 5u);
          pixels[14] = subgroupBroadcast(far, 6u);
          pixels[15] = subgroupBroadcast(far, 7u);
          for (var k = 0u; k < run; k++) {
            for (var kx = 0u; kx < side; kx++) {
              for (var o = 0u; o < laneChannels; o++) {
                let at = (quad * side + kx) * laneChannels + o;
                sums[at] = fma(vec4f(upstream[k * laneChannels + o]), pixels[k * stride + kx], sums[at]);
              }
            }
          }
        }
      }
    }
  }

  if ((group.x * 8 + lane) * laneChannels >= params.outChannels) { return; }
  for (var quad = 0u; quad < threadQuads; quad++) {
    if (quad0 + quad < inQuads) {
      for (var kx = 0u; kx < side; kx++) {
        for (var o = 0u; o < laneChannels; o++) {
          let filterRow = (channel0 + o) * side + ky;
          dw[(filterRow * side + kx) * inQuads + quad0 + quad] = sums[(quad * side + kx) * laneChannels + o];
        }
      }
    }
  }
}
