// Convolution, gradient of the weight, through workgroup memory, first of two passes:  partial[s, o, ky, kx, i] = Σ over the pixels n, r, c of split s of  dy[n, r, c, o] · x[n, r·stride + ky − padding, c·stride + kx − padding, i]
// (sum_splits.wgsl adds the splits up; a single split is the gradient itself).
//
// Layout    x, dy: NHWC; partial: a weight gradient in OHWI per split of splitPixels pixels; channels in vec4s.
// Threads   The matrix product [outChannels × pixels] · [pixels × side² · inChannels], whose right factor is gathered from x,
//           never stored. Few channels make few tiles, so the sum over pixels is cut into splits, a workgroup each; where it
//           is cut depends on the shapes alone. The 64 lanes of a workgroup make a tile of outLanes · laneOut vec4s of output
//           channels × inLanes · laneIn vec4s of input channels of some taps; a lane holds 4 · laneOut × laneIn vec4s of
//           sums. `depth` pixels at a time lie in workgroup memory; while they are
//           multiplied, the next are on their way.
// FLOPs     2 · batch · outHeight · outWidth · outChannels · side² · inChannels, less the taps outside the image
// Bytes     4 · (x + dy + partial) at best; x is read again for every tap and tile of output channels, dy for every tile of
//           taps and input channels.
// Source    As forward_workgroup.wgsl.

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;

override side: u32 = 3;
override stride: u32 = 1;
override padding: u32 = 1;
override outLanes: u32 = 8;
override laneOut: u32 = 2;
override inLanes: u32 = 8;
override laneIn: u32 = 2;
// Pixels in a stage: as many as give each lane something to fetch, depth · outLanes · laneOut ≥ 64.
override depth: u32 = 8;

// Vec4s a lane fetches of either factor, at most: depth · (vec4s of the tile) / 64.
const most = 16u;

struct Params {
  batch: u32,
  height: u32,
  width: u32,
  inChannels: u32,
  outHeight: u32,
  outWidth: u32,
  outChannels: u32,
  splits: u32,
  splitPixels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;  // [batch, height, width, inChannels]
@group(0) @binding(2) var<storage, read> dy: array<Stored>;  // [batch, outHeight, outWidth, outChannels]
@group(0) @binding(3) var<storage, read_write> partial: array<vec4f>;  // [splits, outChannels, side, side, inChannels]

// [half, depth, vec4s of the tile]
var<workgroup> a: array<vec4f, 2 * depth * outLanes * laneOut>;
var<workgroup> b: array<vec4f, 2 * depth * inLanes * laneIn>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tileOut = outLanes * laneOut;
  let tileIn = inLanes * laneIn;
  let inQuads = params.inChannels / 4;
  let outQuads = params.outChannels / 4;
  let columns = side * side * inQuads;
  let first = group.z * params.splitPixels;
  let end = min(first + params.splitPixels, params.batch * params.outHeight * params.outWidth);

  // What this lane fetches: vec4 `ownOut` of dy and tap and vec4 `ownIn` of x, for every few pixels of a stage.
  let ownOut = group.x * tileOut + lane % tileOut;
  let ownIn = group.y * tileIn + lane % tileIn;
  let tap = ownIn / inQuads;
  let offset = vec2i(vec2u(tap / side, tap % side)) - i32(padding);

  var nextA: array<vec4f, most>;
  var nextB: array<vec4f, most>;
  var sums: array<vec4f, 16>;
  for (var at = first; at < end + depth; at += depth) {
    let ahead = ((at - first) / depth % 2) * depth;
    if (at < end) {
      for (var i = 0u; i < depth * tileOut / 64; i++) {
        let pixel = at + lane / tileOut + i * (64 / tileOut);
        nextA[i] = vec4f(0);
        if (pixel < end && ownOut < outQuads) { nextA[i] = vec4f(dy[pixel * outQuads + ownOut]); }
      }
      for (var i = 0u; i < depth * tileIn / 64; i++) {
        let pixel = at + lane / tileIn + i * (64 / tileIn);
        let line = pixel / params.outWidth;
        let place = vec2i(vec2u(line % params.outHeight, pixel % params.outWidth) * stride) + offset;
        let inside = pixel < end && ownIn < columns && all(place >= vec2i(0)) &&
          place.x < i32(params.height) && place.y < i32(params.width);
        let image = i32(line / params.outHeight);
        let index = ((image * i32(params.height) + place.x) * i32(params.width) + place.y) * i32(inQuads) + i32(ownIn % inQuads);
        nextB[i] = vec4f(0);
        if (inside) { nextB[i] = vec4f(x[index]); }
      }
    }
    if (at > first) {
      let behind = depth - ahead;
      for (var k = 0u; k < depth; k++) {
        var pixels: array<vec4f, 4>;
        for (var i = 0u; i < laneIn; i++) { pixels[i] = b[(behind + k) * tileIn + i * inLanes + lane % inLanes]; }
        for (var o = 0u; o < laneOut; o++) {
          let upstream = a[(behind + k) * tileOut + o * outLanes + lane / inLanes];
          for (var part = 0u; part < 4; part++) {
            for (var i = 0u; i < laneIn; i++) {
              let sum = (o * 4 + part) * laneIn + i;
              sums[sum] = fma(vec4f(upstream[part]), pixels[i], sums[sum]);
            }
          }
        }
      }
    }
    for (var i = 0u; i < depth * tileOut / 64; i++) {
      a[(ahead + lane / tileOut + i * (64 / tileOut)) * tileOut + lane % tileOut] = nextA[i];
    }
    for (var i = 0u; i < depth * tileIn / 64; i++) {
      b[(ahead + lane / tileIn + i * (64 / tileIn)) * tileIn + lane % tileIn] = nextB[i];
    }
    workgroupBarrier();
  }

  for (var o = 0u; o < laneOut; o++) {
    for (var part = 0u; part < 4; part++) {
      let channel = (group.x * tileOut + o * outLanes + lane / inLanes) * 4 + part;
      for (var i = 0u; i < laneIn; i++) {
        let column = group.y * tileIn + i * inLanes + lane % inLanes;
        if (channel < params.outChannels && column < columns) {
          partial[(group.z * params.outChannels + channel) * columns + column] = sums[(o * 4 + part) * laneIn + i];
        }
      }
    }
  }
}
