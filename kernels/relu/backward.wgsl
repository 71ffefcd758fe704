// Gradient of the rectifier:  dx = 0 where y ≤ 0, else dy: also where y is NaN
// Threads   Four elements each, behind the last one zeros; a grid over the limit is folded into y.
// Bytes     12 · length

struct Params { length: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<vec4f>;  // [length]
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;  // [length]
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;  // [length]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let inside = 4 * i + vec4u(0, 1, 2, 3) < vec4u(params.length);
  if (inside.x) { dx[i] = select(vec4f(0), dy[i], inside & !(y[i] <= vec4f(0))); }
}
