// Gradients of the soft minimum:  dx = dz / (1 + e^(x − y)),  dy = dz / (1 + e^(y − x))
// Threads   One element each.
// FLOPs     8 · length      Bytes  20 · length

struct Params { length: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;  // [length]
@group(0) @binding(2) var<storage, read> y: array<f32>;  // [length]
@group(0) @binding(3) var<storage, read> dz: array<f32>;  // [length]
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;  // [length]
@group(0) @binding(5) var<storage, read_write> dy: array<f32>;  // [length]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= params.length) { return; }
  // Beyond 80 the share is nothing in f32, and e⁸⁰ still fits.
  let difference = clamp(x[i] - y[i], -80, 80);
  dx[i] = dz[i] / (1 + exp(difference));
  dy[i] = dz[i] / (1 + exp(-difference));
}
