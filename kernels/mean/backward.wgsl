// Gradient of the mean:  dx = dy / length
// Threads   One element each.
// Bytes     4 · length

struct Params { length: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;  // [1]
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;  // [length]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i < params.length) { dx[i] = dy[0] / f32(params.length); }
}
