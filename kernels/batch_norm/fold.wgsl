// Batch norm in inference, folded into the convolution before it:
//   w' = w · γ / √(variance + 1e-5)      bias = β − mean · γ / √(variance + 1e-5)
// per output channel, so that conv2d(x, w') + bias is what normalising conv2d(x, w) with the running statistics gives.
// Layout    w, folded: OHWI, of which one filter is filterSize = side² · inChannels values, in vec4s.
// Threads   A vec4 of weights each; the first of a filter also writes its bias. A grid over the limit is folded into y.
// FLOPs     |w|      Bytes  8 · |w|
// Source    Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
//           Inference", CVPR 2018, section 3.2.

struct Params { outChannels: u32, filterSize: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;  // [outChannels, filterSize]
@group(0) @binding(2) var<storage, read> gamma: array<f32>;  // [outChannels]
@group(0) @binding(3) var<storage, read> beta: array<f32>;  // [outChannels]
@group(0) @binding(4) var<storage, read> mean: array<f32>;  // [outChannels]
@group(0) @binding(5) var<storage, read> variance: array<f32>;  // [outChannels]
@group(0) @binding(6) var<storage, read_write> folded: array<vec4f>;  // [outChannels, filterSize]
@group(0) @binding(7) var<storage, read_write> bias: array<f32>;  // [outChannels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let quads = params.filterSize / 4;
  if (i >= params.outChannels * quads) { return; }
  let o = i / quads;
  let scale = gamma[o] * inverseSqrt(variance[o] + 1e-5);
  folded[i] = w[i] * scale;
  if (i % quads == 0) { bias[o] = beta[o] - mean[o] * scale; }
}
