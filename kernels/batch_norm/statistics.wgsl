// Batch norm, statistics, second of two passes: combines the chunks into each channel's mean and biased variance.
// Threads   A workgroup of 64 lanes per vec4 of channels: each lane merges every 64th chunk in order, one lane then merges
//           the 64 results in order.
// FLOPs     12 · |partial|      Bytes  4 · |partial|
// Source    Chan, Golub and LeVeque, "Algorithms for Computing the Sample Variance", 1983, eq. 2.1.

struct Params { pixels: u32, channels: u32, chunks: u32, chunkPixels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<vec4f>;  // [chunks, 2, channels]
@group(0) @binding(2) var<storage, read_write> mean: array<vec4f>;  // [channels]
@group(0) @binding(3) var<storage, read_write> variance: array<vec4f>;  // [channels]

struct Moments { count: f32, mean: vec4f, squares: vec4f }

var<workgroup> merged: array<Moments, 64>;

fn merge(a: Moments, b: Moments) -> Moments {
  let count = max(a.count + b.count, 1);
  let delta = b.mean - a.mean;
  return Moments(
    a.count + b.count,
    a.mean + delta * (b.count / count),
    a.squares + b.squares + delta * delta * (a.count * b.count / count),
  );
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let quads = params.channels / 4;
  var own = Moments(0, vec4f(0), vec4f(0));
  for (var chunk = lane; chunk < params.chunks; chunk += 64) {
    let first = chunk * params.chunkPixels;
    let count = min(first + params.chunkPixels, params.pixels) - first;
    let at = chunk * 2 * quads + group.x;
    own = merge(own, Moments(f32(count), partial[at], partial[at + quads]));
  }
  merged[lane] = own;
  workgroupBarrier();
  if (lane == 0) {
    for (var i = 1u; i < 64; i++) { own = merge(own, merged[i]); }
    mean[group.x] = own.mean;
    variance[group.x] = own.squares / own.count;
  }
}
