// Batch norm, statistics, second of two passes: combines the chunks into each channel's mean and biased variance; where
// wanted it also moves the running ones:  r ← 0.9 · r + 0.1 · batch, with the unbiased variance of the batch.
// Threads   A workgroup of 64 lanes per vec4 of channels: each lane merges every 64th chunk in order, one lane then merges
//           the 64 results in order.
// FLOPs     12 · |partial|      Bytes  4 · |partial|
// Source    Chan, Golub and LeVeque, "Algorithms for Computing the Sample Variance", 1983, eq. 2.1; running statistics as
//           in PyTorch (momentum 0.1).

override running: bool = false;

struct Params { pixels: u32, channels: u32, chunks: u32, chunkPixels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<vec4f>;  // [chunks, 2, channels]
@group(0) @binding(2) var<storage, read_write> mean: array<vec4f>;  // [channels]
@group(0) @binding(3) var<storage, read_write> variance: array<vec4f>;  // [channels]
@group(0) @binding(4) var<storage, read_write> runningMean: array<vec4f>;  // [channels]
@group(0) @binding(5) var<storage, read_write> runningVariance: array<vec4f>;  // [channels]

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
    let biased = own.squares / own.count;
    mean[group.x] = own.mean;
    variance[group.x] = biased;
    if (running) {
      let unbiased = biased * f32(params.pixels) / max(f32(params.pixels) - 1, 1);
      runningMean[group.x] = 0.9 * runningMean[group.x] + 0.1 * own.mean;
      runningVariance[group.x] = 0.9 * runningVariance[group.x] + 0.1 * unbiased;
    }
  }
}
