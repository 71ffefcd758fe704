// Convolution, gradient of the weight, on subgroup matrices (tensor cores), first of two passes:  partial[s, o, ky, kx, i] = Σ over the pixels n, r, c of split s of  dy[n, r, c, o] · x[n, r·stride + ky − padding, c·stride + kx − padding, i]
// (sum_splits.wgsl adds the splits up; a single split is the gradient itself).
//
// Layout    x, dy: NHWC in f16; partial: a weight gradient in f32, OHWI, per split of splitPixels pixels; channels in vec4s.
// Threads   The matrix product and the splits of weight_gradient_workgroup.wgsl, in the matrices of forward_matrix.wgsl: a
//           workgroup makes a tile of output channels × input channels of some taps, and 32 pixels at a time lie in
//           workgroup memory.
// FLOPs     2 · batch · outHeight · outWidth · outChannels · side² · inChannels, less the taps outside the image
// Bytes     2 · (x + dy) + 4 · partial at best; x is read again for every tap and tile of output channels, dy for every tile
//           of taps and input channels.
// Source    As forward_matrix.wgsl.

enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;

// What an adapter multiplies in one go: the engine writes its own number here (src/gpu/kernel.ts).
const edge = 8u;
alias Left = subgroup_matrix_left<f16, edge, edge>;
alias Right = subgroup_matrix_right<f16, edge, edge>;
alias Sums = subgroup_matrix_result<f32, edge, edge>;

override side: u32 = 3;
override stride: u32 = 1;
override padding: u32 = 1;
// The tile, and the subgroups that lie side by side over it; together they have the workgroup's 128 lanes.
override productRows: u32 = 64;
override productColumns: u32 = 64;
override subgroupRows: u32 = 4;
override subgroupColumns: u32 = 4;
// Of a subgroup.
override rowMatrices = productRows / subgroupRows / edge;
override columnMatrices = productColumns / subgroupColumns / edge;

const lanes = 128u;
// Pixels in a stage, and vec4s a lane fetches of either factor at most: tiles reach 128.
const depth = 32u;
const most = depth * 128 / 4 / lanes;

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
@group(0) @binding(1) var<storage, read> x: array<vec4h>;  // [batch, height, width, inChannels]
@group(0) @binding(2) var<storage, read> dy: array<vec4h>;  // [batch, outHeight, outWidth, outChannels]
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;  // [splits, outChannels, side, side, inChannels]

// [half, depth, channels + 8], likewise, the 8 for other banks, and a matrix of sums for every subgroup.
var<workgroup> a: array<f16, 2 * depth * (productRows + 8)>;
var<workgroup> b: array<f16, 2 * depth * (productColumns + 8)>;
var<workgroup> leaving: array<f32, subgroupRows * subgroupColumns * edge * edge>;

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_size) members: u32,
  @builtin(subgroup_invocation_id) member: u32,
) {
  let pitchA = productRows + 8;
  let pitchB = productColumns + 8;
  let inQuads = params.inChannels / 4;
  let outQuads = params.outChannels / 4;
  let columns = side * side * inQuads;
  let first = group.z * params.splitPixels;
  let end = min(first + params.splitPixels, params.batch * params.outHeight * params.outWidth);
  // This subgroup's part of the tile.
  let ownRow = subgroup / subgroupColumns * rowMatrices * edge;
  let ownColumn = subgroup % subgroupColumns * columnMatrices * edge;

  // What this lane fetches: vec4 `ownOut` of dy and tap and vec4 `ownIn` of x, for every few pixels of a stage.
  let quadsOut = productRows / 4;
  let quadsIn = productColumns / 4;
  let ownOut = group.x * quadsOut + lane % quadsOut;
  let ownIn = group.y * quadsIn + lane % quadsIn;
  let tap = ownIn / inQuads;
  let offset = vec2i(vec2u(tap / side, tap % side)) - i32(padding);

  var nextA: array<vec4h, most>;
  var nextB: array<vec4h, most>;
  var sums: array<Sums, 16>;
  for (var at = first; at < end + depth; at += depth) {
    let ahead = (at - first) / depth % 2;
    if (at < end) {
      for (var i = 0u; i < depth * quadsOut / lanes; i++) {
        let pixel = at + lane / quadsOut + i * (lanes / quadsOut);
        nextA[i] = vec4h(0);
        if (pixel < end && ownOut < outQuads) { nextA[i] = dy[pixel * outQuads + ownOut]; }
      }
      for (var i = 0u; i < depth * quadsIn / lanes; i++) {
        let pixel = at + lane / quadsIn + i * (lanes / quadsIn);
        let line = pixel / params.outWidth;
        let place = vec2i(vec2u(line % params.outHeight, pixel % params.outWidth) * stride) + offset;
        let inside = pixel < end && ownIn < columns && all(place >= vec2i(0)) &&
          place.x < i32(params.height) && place.y < i32(params.width);
        let image = i32(line / params.outHeight);
        let index = ((image * i32(params.height) + place.x) * i32(params.width) + place.y) * i32(inQuads) + i32(ownIn % inQuads);
        nextB[i] = vec4h(0);
        if (inside) { nextB[i] = x[index]; }
      }
    }
    if (at > first) {
      let behind = 1 - ahead;
      for (var k = 0u; k < depth; k += edge) {
        var pixels: array<Right, 4>;
        for (var c = 0u; c < columnMatrices; c++) {
          let start = (behind * depth + k) * pitchB + ownColumn + c * edge;
          pixels[c] = subgroupMatrixLoad<Right, row_major>(&b, start, pitchB);
        }
        for (var r = 0u; r < rowMatrices; r++) {
          let start = (behind * depth + k) * pitchA + ownRow + r * edge;
          let upstream = subgroupMatrixLoad<Left, col_major>(&a, start, pitchA);
          for (var c = 0u; c < columnMatrices; c++) {
            let sum = r * columnMatrices + c;
            sums[sum] = subgroupMatrixMultiplyAccumulate(upstream, pixels[c], sums[sum]);
          }
        }
      }
    }
    for (var i = 0u; i < depth * quadsOut / lanes; i++) {
      let start = (ahead * depth + lane / quadsOut + i * (lanes / quadsOut)) * pitchA + 4 * (lane % quadsOut);
      for (var part = 0u; part < 4; part++) { a[start + part] = nextA[i][part]; }
    }
    for (var i = 0u; i < depth * quadsIn / lanes; i++) {
      let start = (ahead * depth + lane / quadsIn + i * (lanes / quadsIn)) * pitchB + 4 * (lane % quadsIn);
      for (var part = 0u; part < 4; part++) { b[start + part] = nextB[i][part]; }
    }
    workgroupBarrier();
  }

  for (var r = 0u; r < rowMatrices; r++) {
    for (var c = 0u; c < columnMatrices; c++) {
      let start = subgroup * edge * edge;
      subgroupMatrixStore<row_major>(&leaving, start, sums[r * columnMatrices + c], edge);
      workgroupBarrier();
      for (var own = member; own < edge * edge; own += members) {
        let channel = group.x * productRows + ownRow + r * edge + own / edge;
        let column = group.y * productColumns + ownColumn + c * edge + own % edge;
        if (channel < params.outChannels && column < 4 * columns) {
          partial[(group.z * params.outChannels + channel) * 4 * columns + column] = leaving[start + own];
        }
      }
      workgroupBarrier();
    }
  }
}
