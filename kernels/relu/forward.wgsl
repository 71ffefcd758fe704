// Rectifier:  y = max(x, 0)
// Threads   Four elements each; a grid over the limit is folded into y.
// Bytes     8 · length

struct Params { length: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;  // [length]
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;  // [length]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i < params.length / 4) { y[i] = max(x[i], vec4f(0)); }
}
