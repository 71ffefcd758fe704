// A constant tensor:  y = value
// Threads   One element each; a grid over the limit is folded into y.
// Bytes     4 · length

struct Params { length: u32, value: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;  // [length]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i < params.length) { y[i] = params.value; }
}
