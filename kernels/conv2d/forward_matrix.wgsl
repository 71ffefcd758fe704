// Convolution, forward, on subgroup matrices (tensor cores):  y[n, r, c, o] = relu?(bias?[o] + Σ over ky, kx, i of  x[n, (r·stride + ky − padding) / spacing, (c·stride + kx − padding) / spacing, i] · w[o, ky, kx, i])
// where bias and rectifier belong to a batch norm folded in (batch_norm/fold.wgsl); in training there is neither. A
// spacing of 2 sets the pixels of x apart with zeros between: with dy as x, the gradient of the input at stride 2.
//
// Layout    x, y: NHWC in f16; w: OHWI in f32, rounded to f16 on its way; channels in vec4s. Pixels outside count as zero.
// Threads   The matrix product of forward_workgroup.wgsl: a workgroup makes a tile of pixels × channels, 32 values of K at a
//           time lie in workgroup memory, and while they are multiplied the next 32 are on their way. Here the tile is cut
//           into matrices of edge × edge sums. A subgroup holds rowMatrices × columnMatrices of them, spread over its lanes
//           in a way only the adapter knows, and multiplies two matrices of f16 in one go, adding up in f32. Sums leave
//           through workgroup memory, where lanes know which is which.
// FLOPs     2 · batch · outHeight · outWidth · outChannels · side² · inChannels, less the taps outside the image
// Bytes     2 · (x + y) + 4 · w at best; x is read again for every tap and tile of channels, w for every tile of pixels. A
//           subgroup loads rowMatrices + columnMatrices matrices for rowMatrices · columnMatrices products of them.
// Source    As forward_workgroup.wgsl; Markidis et al., "NVIDIA Tensor Core Programmability, Performance & Precision",
//           IPDPSW 2018.

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
override spacing: u32 = 1;
override biased: bool = false;
override rectify: bool = false;
// The tile, and the subgroups that lie side by side over it; together they have the workgroup's 128 lanes.
override productRows: u32 = 64;
override productColumns: u32 = 64;
override subgroupRows: u32 = 4;
override subgroupColumns: u32 = 4;
// As in forward_workgroup.wgsl.
override splits: u32 = 1;
// Of a subgroup.
override rowMatrices = productRows / subgroupRows / edge;
override columnMatrices = productColumns / subgroupColumns / edge;

const lanes = 128u;
// Vec4s of K in a stage, and from one row of a stage to the next: 8 values more, for other banks.
const depth = 8u;
const pitch = 4 * depth + 8;
// Pixels, or filters, that the lanes fetch at once, and vec4s a lane fetches of either factor at most: tiles reach 128.
const fetched = lanes / depth;
const most = 128u / fetched;

struct Params {
  batch: u32,
  height: u32,
  width: u32,
  inChannels: u32,
  outHeight: u32,
  outWidth: u32,
  outChannels: u32,
  partialLength: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4h>;  // [batch, height, width, inChannels]
@group(0) @binding(2) var<storage, read> w: array<vec4f>;  // [outChannels, side, side, inChannels]
@group(0) @binding(3) var<storage, read> bias: array<f32>;  // [outChannels]
@group(0) @binding(4) var<storage, read_write> y: array<f16>;  // [batch, outHeight, outWidth, outChannels]
// Sums of the splits where there are several: [splits, batch, outHeight, outWidth, outChannels].
@group(0) @binding(5) var<storage, read_write> partial: array<f32>;  // [partialLength]

// [half, pixels, pitch], [half, channels, pitch], and a matrix of sums for every subgroup.
var<workgroup> a: array<f16, 2 * productRows * pitch>;
var<workgroup> b: array<f16, 2 * productColumns * pitch>;
var<workgroup> leaving: array<f32, subgroupRows * subgroupColumns * edge * edge>;

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_size) members: u32,
  @builtin(subgroup_invocation_id) member: u32,
) {
  let inQuads = params.inChannels / 4;
  let length = side * side * inQuads;
  let pixelCount = params.batch * params.outHeight * params.outWidth;
  let pixel0 = (group.z * 32768 + group.y) * productRows;
  let tilesAcross = (params.outChannels + productColumns - 1) / productColumns;
  let channel0 = group.x % tilesAcross * productColumns;
  let split = group.x / tilesAcross;
  // Whole stages of K.
  let stages = (length + depth - 1) / depth;
  let start = split * ((stages + splits - 1) / splits) * depth;
  let end = min(start + (stages + splits - 1) / splits * depth, length);
  // This subgroup's part of the tile.
  let ownRow = subgroup / subgroupColumns * rowMatrices * edge;
  let ownColumn = subgroup % subgroupColumns * columnMatrices * edge;

  // What this lane fetches: vec4 `column` of each stage, for every `fetched`th pixel and filter from `row` on.
  let column = lane % depth;
  let row = lane / depth;
  var corners: array<vec3i, most>;  // image, and the row and column of the first tap
  for (var i = 0u; i < productRows / fetched; i++) {
    let pixel = pixel0 + row + i * fetched;
    let place = vec2i(vec2u(pixel / params.outWidth % params.outHeight, pixel % params.outWidth) * stride) - i32(padding);
    // Behind the last pixel: so far above the image that no tap is inside.
    corners[i] = vec3i(i32(pixel / (params.outHeight * params.outWidth)), select(vec2i(-65536), place, pixel < pixelCount));
  }

  var nextA: array<vec4h, most>;
  var nextB: array<vec4h, most>;
  var sums: array<Sums, 16>;
  for (var at = start; at < end + depth; at += depth) {
    let ahead = (at - start) / depth % 2;
    if (at < end) {
      let k = at + column;
      let tap = k / inQuads;
      let offset = vec2i(vec2u(tap / side, tap % side));
      for (var i = 0u; i < productRows / fetched; i++) {
        let wide = corners[i].yz + offset;
        let place = wide / i32(spacing);
        let inside = k < length && all(wide >= vec2i(0)) && all(wide % i32(spacing) == vec2i(0)) &&
          place.x < i32(params.height) && place.y < i32(params.width);
        let index = ((corners[i].x * i32(params.height) + place.x) * i32(params.width) + place.y) * i32(inQuads) + i32(k % inQuads);
        nextA[i] = vec4h(0);
        if (inside) { nextA[i] = x[index]; }
      }
      for (var i = 0u; i < productColumns / fetched; i++) {
        let channel = channel0 + row + i * fetched;
        nextB[i] = vec4h(0);
        if (k < length && channel < params.outChannels) { nextB[i] = vec4h(w[channel * length + k]); }
      }
    }
    if (at > start) {
      let behind = 1 - ahead;
      for (var k = 0u; k < 4 * depth; k += edge) {
        var filters: array<Right, 4>;
        for (var c = 0u; c < columnMatrices; c++) {
          let first = behind * productColumns + ownColumn + c * edge;
          filters[c] = subgroupMatrixLoad<Right, col_major>(&b, first * pitch + k, pitch);
        }
        for (var r = 0u; r < rowMatrices; r++) {
          let first = behind * productRows + ownRow + r * edge;
          let pixels = subgroupMatrixLoad<Left, row_major>(&a, first * pitch + k, pitch);
          for (var c = 0u; c < columnMatrices; c++) {
            let sum = r * columnMatrices + c;
            sums[sum] = subgroupMatrixMultiplyAccumulate(pixels, filters[c], sums[sum]);
          }
        }
      }
    }
    for (var i = 0u; i < productRows / fetched; i++) {
      let first = (ahead * productRows + row + i * fetched) * pitch + 4 * column;
      for (var part = 0u; part < 4; part++) { a[first + part] = nextA[i][part]; }
    }
    for (var i = 0u; i < productColumns / fetched; i++) {
      let first = (ahead * productColumns + row + i * fetched) * pitch + 4 * column;
      for (var part = 0u; part < 4; part++) { b[first + part] = nextB[i][part]; }
    }
    workgroupBarrier();
  }

  for (var r = 0u; r < rowMatrices; r++) {
    for (var c = 0u; c < columnMatrices; c++) {
      let first = subgroup * edge * edge;
      subgroupMatrixStore<row_major>(&leaving, first, sums[r * columnMatrices + c], edge);
      workgroupBarrier();
      for (var own = member; own < edge * edge; own += members) {
        let pixel = pixel0 + ownRow + r * edge + own / edge;
        let channel = channel0 + ownColumn + c * edge + own % edge;
        if (pixel < pixelCount && channel < params.outChannels) {
          var sum = leaving[first + own];
          let at = pixel * params.outChannels + channel;
          if (splits > 1) {
            partial[split * pixelCount * params.outChannels + at] = sum;
          } else {
            if (biased) { sum += bias[channel]; }
            y[at] = f16(select(sum, 0, rectify && sum < 0));
          }
        }
      }
      workgroupBarrier();
    }
  }
}
