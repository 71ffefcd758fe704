// Soft minimum of two losses:  z = −ln(e⁻ˣ + e⁻ʸ) = min(x, y) − ln(1 + e^−|x − y|)
// Threads   One element each.
// FLOPs     6 · length      Bytes  12 · length

struct Params { length: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;  // [length]
@group(0) @binding(2) var<storage, read> y: array<f32>;  // [length]
@group(0) @binding(3) var<storage, read_write> z: array<f32>;  // [length]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i < params.length) { z[i] = min(x[i], y[i]) - log(1 + exp(-abs(x[i] - y[i]))); }
}
