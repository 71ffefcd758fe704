// Batch norm, running statistics:  r ← 0.9 · r + 0.1 · batch, with the unbiased variance of the batch
// Threads   One channel each.
// Bytes     24 · channels
// Source    PyTorch's convention (momentum 0.1).

struct Params { channels: u32, pixels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> mean: array<f32>;  // [channels]
@group(0) @binding(2) var<storage, read> variance: array<f32>;  // [channels]
@group(0) @binding(3) var<storage, read_write> runningMean: array<f32>;  // [channels]
@group(0) @binding(4) var<storage, read_write> runningVariance: array<f32>;  // [channels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  if (c >= params.channels) { return; }
  let unbiased = variance[c] * f32(params.pixels) / max(f32(params.pixels) - 1, 1);
  runningMean[c] = 0.9 * runningMean[c] + 0.1 * mean[c];
  runningVariance[c] = 0.9 * runningVariance[c] + 0.1 * unbiased;
}
