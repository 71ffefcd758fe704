// Gradient of the normaliser:  dx = dy · inverse per channel; the fourth, padding channel gets 0
// Threads   One pixel each; a grid over the limit is folded into y.
// FLOPs     |dx|      Bytes  8 · |dx|

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;

struct Params { pixels: u32, inverseR: f32, inverseG: f32, inverseB: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<Stored>;  // [pixels, 4]
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;  // [pixels, 4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels) { return; }
  dx[i] = vec4f(dy[i]) * vec4f(params.inverseR, params.inverseG, params.inverseB, 0);
}
