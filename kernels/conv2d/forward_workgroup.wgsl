// Convolution, forward, through workgroup memory:  y[n, r, c, o] = relu?(bias?[o] + Σ over ky, kx, i of  x[n, (r·stride + ky − padding) / spacing, (c·stride + kx − padding) / spacing, i] · w[o, ky, kx, i])
// where bias and rectifier belong to a batch norm folded in (batch_norm/fold.wgsl); in training there is neither. A
// spacing of 2 sets the pixels of x apart with zeros between: with dy as x, the gradient of the input at stride 2.
//
// Layout    x, y: NHWC; w: OHWI; channels in vec4s. Pixels outside the image count as zero.
// Threads   The matrix product [pixels × K] · [K × outChannels], K = side² · inChannels, whose left factor is gathered from
//           x, never stored. The 64 lanes of a workgroup make a tile of pixelLanes · lanePixels pixels × channelLanes ·
//           laneChannels channels, each lane lanePixels × laneChannels sums in registers. 16 values of K at a time lie in
//           workgroup memory; while they are multiplied, the next 16 are on their way (two halves, one barrier a stage).
//           A dimension of the grid holds no more than 65535 workgroups, so tiles of pixels go on along z after 32768.
//           A deep layer has few pixels, so few tiles, but a long K: it is cut into splits, a workgroup each, whose sums
//           sum_splits.wgsl adds up. Where it is cut depends on the shapes of an image alone.
// FLOPs     2 · batch · outHeight · outWidth · outChannels · side² · inChannels, less the taps outside the image
// Bytes     4 · (x + w + y) at best; x is read again for every tap and tile of channels, w for every tile of pixels. A lane
//           loads lanePixels + laneChannels values from workgroup memory for lanePixels · laneChannels multiply-adds.
// Source    Implicit GEMM: Chetlur et al., "cuDNN: Efficient Primitives for Deep Learning", 2014, section 3. Tiles: Volkov
//           and Demmel, "Benchmarking GPUs to Tune Dense Linear Algebra", SC 2008.

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;
alias StoredScalar = f32;

override side: u32 = 3;
override stride: u32 = 1;
override padding: u32 = 1;
override spacing: u32 = 1;
override biased: bool = false;
override rectify: bool = false;
override pixelLanes: u32 = 8;
override lanePixels: u32 = 8;
override channelLanes: u32 = 8;
override laneChannels: u32 = 8;
override splits: u32 = 1;

// Vec4s of K in a stage.
const depth = 4u;
// Pixels, or filters, that the 64 lanes fetch at once.
const fetched = 64u / depth;
// Vec4s a lane fetches of either factor, at most: tiles reach 128 pixels and 128 channels.
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
@group(0) @binding(1) var<storage, read> x: array<Stored>;  // [batch, height, width, inChannels]
@group(0) @binding(2) var<storage, read> w: array<vec4f>;  // [outChannels, side, side, inChannels]
@group(0) @binding(3) var<storage, read> bias: array<f32>;  // [outChannels]
@group(0) @binding(4) var<storage, read_write> y: array<StoredScalar>;  // [batch, outHeight, outWidth, outChannels]
// Sums of the splits where there are several: [splits, batch, outHeight, outWidth, outChannels].
@group(0) @binding(5) var<storage, read_write> partial: array<f32>;  // [partialLength]

// [half, depth, pixels + 2] and [half, depth, channels + 2]: the 2 keeps the lanes of a store on different banks.
var<workgroup> a: array<vec4f, 8 * (pixelLanes * lanePixels + 2)>;
var<workgroup> b: array<vec4f, 8 * (channelLanes * laneChannels + 2)>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tilePixels = pixelLanes * lanePixels;
  let tileChannels = channelLanes * laneChannels;
  let inQuads = params.inChannels / 4;
  let length = side * side * inQuads;
  let pixelCount = params.batch * params.outHeight * params.outWidth;
  let pixel0 = (group.z * 32768 + group.y) * tilePixels;
  let tilesAcross = (params.outChannels + tileChannels - 1) / tileChannels;
  let channel0 = group.x % tilesAcross * tileChannels;
  let split = group.x / tilesAcross;
  // Whole stages of K.
  let stages = (length + depth - 1) / depth;
  let first = split * ((stages + splits - 1) / splits) * depth;
  let end = min(first + (stages + splits - 1) / splits * depth, length);

  // What this lane fetches: vec4 `column` of each stage, for every `fetched`th pixel and filter from `row` on.
  let column = lane % depth;
  let row = lane / depth;
  var corners: array<vec3i, most>;  // image, and the row and column of the first tap
  for (var k = 0u; k < tilePixels / fetched; k++) {
    let pixel = pixel0 + row + k * fetched;
    let place = vec2i(vec2u(pixel / params.outWidth % params.outHeight, pixel % params.outWidth) * stride) - i32(padding);
    // Behind the last pixel: so far above the image that no tap is inside.
    corners[k] = vec3i(i32(pixel / (params.outHeight * params.outWidth)), select(vec2i(-65536), place, pixel < pixelCount));
  }

  var nextA: array<vec4f, most>;
  var nextB: array<vec4f, most>;
  var sums: array<f32, 64>;
  for (var at = first; at < end + depth; at += depth) {
    let ahead = ((at - first) / depth % 2) * depth;
    if (at < end) {
      let k = at + column;
      let tap = k / inQuads;
      let quad = k % inQuads;
      let offset = vec2i(vec2u(tap / side, tap % side));
      for (var i = 0u; i < tilePixels / fetched; i++) {
        let wide = corners[i].yz + offset;
        let place = wide / i32(spacing);
        let inside = k < length && all(wide >= vec2i(0)) && all(wide % i32(spacing) == vec2i(0)) &&
          place.x < i32(params.height) && place.y < i32(params.width);
        let index = ((corners[i].x * i32(params.height) + place.x) * i32(params.width) + place.y) * i32(inQuads) + i32(quad);
        nextA[i] = vec4f(0);
        if (inside) { nextA[i] = vec4f(x[index]); }
      }
      for (var i = 0u; i < tileChannels / fetched; i++) {
        let channel = channel0 + row + i * fetched;
        nextB[i] = vec4f(0);
        if (k < length && channel < params.outChannels) { nextB[i] = w[channel * length + k]; }
      }
    }
    if (at > first) {
      let behind = depth - ahead;
      for (var k = 0u; k < depth; k++) {
        var weights: array<vec4f, 8>;
        for (var o = 0u; o < laneChannels; o++) {
          weights[o] = b[(behind + k) * (tileChannels + 2) + o * channelLanes + lane % channelLanes];
        }
        for (var p = 0u; p < lanePixels; p++) {
          let pixel = a[(behind + k) * (tilePixels + 2) + p * pixelLanes + lane / channelLanes];
          for (var o = 0u; o < laneChannels; o++) {
            let sum = sums[p * laneChannels + o];
            let weight = weights[o];
            sums[p * laneChannels + o] =
              fma(weight.w, pixel.w, fma(weight.z, pixel.z, fma(weight.y, pixel.y, fma(weight.x, pixel.x, sum))));
          }
        }
      }
    }
    for (var i = 0u; i < tilePixels / fetched; i++) {
      a[(ahead + column) * (tilePixels + 2) + row + i * fetched] = nextA[i];
    }
    for (var i = 0u; i < tileChannels / fetched; i++) {
      b[(ahead + column) * (tileChannels + 2) + row + i * fetched] = nextB[i];
    }
    workgroupBarrier();
  }

  for (var p = 0u; p < lanePixels; p++) {
    let pixel = pixel0 + p * pixelLanes + lane / channelLanes;
    for (var o = 0u; o < laneChannels; o++) {
      let channel = channel0 + o * channelLanes + lane % channelLanes;
      if (pixel < pixelCount && channel < params.outChannels) {
        var sum = sums[p * laneChannels + o];
        let at = pixel * params.outChannels + channel;
        if (splits > 1) {
          partial[split * pixelCount * params.outChannels + at] = sum;
        } else {
          if (biased) { sum += bias[channel]; }
          y[at] = StoredScalar(select(sum, 0, rectify && sum < 0));
        }
      }
    }
  }
}
