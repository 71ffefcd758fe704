// Brings images back into their range:  y = min(max(x, 0), 255)
// Threads   One element each; a grid over the limit is folded into y.
// FLOPs     2 · length      Bytes  8 · length

struct Params { length: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;  // [length]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;  // [length]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i < params.length) { y[i] = clamp(x[i], 0, 255); }
}
