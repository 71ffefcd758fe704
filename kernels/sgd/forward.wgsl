// Stochastic gradient descent with momentum and weight decay, all parameters of a network in one dispatch:
//   v ← momentum · v + (share · Σ g + decay · w),   w ← w − rate · v
// Layout    Flat buffers in vec4s; every parameter occupies a slice of each. A gradient has a summand for every pass
//           through the network; where gradients are stored in f16 they come `1 / share` times too large.
// Threads   One vec4 each; a grid over the limit is folded into y.
// FLOPs     (6 + summands) · length      Bytes  (16 + 4 · summands) · length
// Source    Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013, in PyTorch's form.

struct Params { length: u32, summands: u32, share: f32, momentum: f32, decay: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rate: array<f32>;  // [1]
@group(0) @binding(2) var<storage, read> gradients: array<vec4f>;  // [summands, length]
@group(0) @binding(3) var<storage, read_write> velocities: array<vec4f>;  // [length]
@group(0) @binding(4) var<storage, read_write> weights: array<vec4f>;  // [length]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.length / 4) { return; }
  var gradient = gradients[i];
  for (var k = 1u; k < params.summands; k++) { gradient += gradients[k * params.length / 4 + i]; }
  let velocity = params.momentum * velocities[i] + (params.share * gradient + params.decay * weights[i]);
  velocities[i] = velocity;
  weights[i] -= rate[0] * velocity;
}
