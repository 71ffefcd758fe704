// Gradient of the rectifier:  dx = dy where y > 0, else 0
// Threads   One element each; a grid over the limit is folded into y.
// Bytes     12 · length

struct Params { length: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;  // [length]
@group(0) @binding(2) var<storage, read> dy: array<f32>;  // [length]
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;  // [length]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i < params.length) { dx[i] = select(0.0, dy[i], y[i] > 0); }
}
