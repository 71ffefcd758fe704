// Convolution, gradient of the weight, with subgroups:  dw[o, ky, kx, i] = Σ over n, r, c of  dy[n, r, c, o] · x[n, r·stride + ky − padding, c·stride + kx − padding, i]
//
// Layout    x, dy: NHWC; dw: OHWI; input channels in vec4s, output channels in vec2s.
// Threads   One holds a row of taps (ky) × a few vec4s of input channels × 2 output channels in registers and walks
//           over all pixels in order, so the sum has one fixed order. It takes them in strips of at most 8: the same row of
//           stripImages images side by side or, where rows are long, stripColumns pixels of one. The 8 lanes of a workgroup
//           hold neighbouring output channels of the same taps: each loads its own dy and one of 8 neighbouring pixels of
//           x, which the lanes hand round. The workgroup must be one subgroup. Taps beside a whole row cost nothing, nor do
//           those above and below the image.
// FLOPs     2 · batch · outHeight · outWidth · outChannels · side² · inChannels, less the taps outside the image
// Bytes     4 · (x + dy + dw) at best; x is read again for every workgroup of output channels and each ky, dy for every
//           group of input channels and ky.
// Source    As forward.wgsl.

enable subgroups;

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;
alias StoredPair = vec2f;

override side: u32 = 3;
override stride: u32 = 1;
override padding: u32 = 1;
// Vec4s of input channels per thread.
override threadQuads: u32 = 2;
override stripImages: u32 = 1;
override stripColumns: u32 = 4;
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
@group(0) @binding(2) var<storage, read> dy: array<StoredPair>;  // [batch, outHeight, outWidth, outChannels]
@group(0) @binding(3) var<storage, read_write> dw: array<vec4f>;  // [outChannels, side, side, inChannels]

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let stripPixels = stripImages * stripColumns;
  let loaded = select((stripColumns - 1) * stride + side, stripImages * rowWidth, rowWidth > 0);
  let inQuads = params.inChannels / 4;
  let quad0 = group.y * threadQuads;
  let ky = group.z;
  let pairs = params.outChannels / 2;
  let pair = min(group.x * 8 + lane, pairs - 1);

  // sums[(quad · side + kx) · 2 + o]
  var sums: array<vec4f, 32>;
  for (var image0 = 0u; image0 < params.batch; image0 += stripImages) {
    for (var row = 0u; row < params.outHeight; row++) {
      let r = i32(row * stride + ky) - i32(padding);
      if (r < 0 || r >= i32(params.height)) { continue; }
      for (var column0 = 0u; column0 < params.outWidth; column0 += stripColumns) {
        var upstream: array<vec2f, 8>;
        for (var p = 0u; p < stripPixels; p++) {
          let n = image0 + p / stripColumns;
          let column = column0 + p % stripColumns;
          let inside = n < params.batch && column < params.outWidth;
          let at = (min(n, params.batch - 1) * params.outHeight + row) * params.outWidth + min(column, params.outWidth - 1);
          upstream[p] = select(vec2f(0), vec2f(dy[at * pairs + pair]), inside);
        }
        for (var quad = 0u; quad < threadQuads; quad++) {
          // Never true, but it ends a block of instructions: lavapipe's compiler arranges two short ones better than a long one.
          if (params.batch == 0) { continue; }
          var pixels: array<vec4f, 16>;
          for (var first = 0u; first < loaded; first += 8) {
            var image = image0;
            var column = i32(column0 * stride + first + lane) - i32(padding);
            if (rowWidth > 0) {
              image += (first + lane) / max(rowWidth, 1);
              column = i32((first + lane) % max(rowWidth, 1));
            }
            let inside = column >= 0 && column < i32(params.width);
            let place = (min(image, params.batch - 1) * params.height + u32(r)) * params.width + u32(clamp(column, 0, i32(params.width) - 1));
            let found = vec4f(x[place * inQuads + min(quad0 + quad, inQuads - 1)]);
            let own = select(vec4f(0), found, inside);
            pixels[first] = subgroupBroadcast(own, 0u);
            pixels[first + 1] = subgroupBroadcast(own, 1u);
            pixels[first + 2] = subgroupBroadcast(own, 2u);
            pixels[first + 3] = subgroupBroadcast(own, 3u);
            pixels[first + 4] = subgroupBroadcast(own, 4u);
            pixels[first + 5] = subgroupBroadcast(own, 5u);
            pixels[first + 6] = subgroupBroadcast(own, 6u);
            pixels[first + 7] = subgroupBroadcast(own, 7u);
          }
          for (var kx = 0u; kx < side; kx++) {
            for (var p = 0u; p < stripPixels; p++) {
              let tap = i32(p % stripColumns * stride + kx) - i32(padding);
              if (rowWidth == 0 || (tap >= 0 && tap < i32(rowWidth))) {
                let pixel = pixels[p / stripColumns * rowWidth + u32(tap + select(i32(padding), 0, rowWidth > 0))];
                let at = (quad * side + kx) * 2;
                sums[at] = fma(vec4f(upstream[p].x), pixel, sums[at]);
                sums[at + 1] = fma(vec4f(upstream[p].y), pixel, sums[at + 1]);
              }
            }
          }
        }
      }
    }
  }

  if (group.x * 8 + lane >= pairs) { return; }
  for (var quad = 0u; quad < threadQuads; quad++) {
    if (quad0 + quad < inQuads) {
      for (var kx = 0u; kx < side; kx++) {
        for (var o = 0u; o < 2; o++) {
          let filterRow = (2 * pair + o) * side + ky;
          dw[(filterRow * side + kx) * inQuads + quad0 + quad] = sums[(quad * side + kx) * 2 + o];
        }
      }
    }
  }
}
