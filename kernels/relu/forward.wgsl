// Rectifier:  y = 0 where x < 0, else x: as a comparison, since max(NaN, 0) may be 0
// Threads   Four elements each, behind the last one zeros; a grid over the limit is folded into y.
// Bytes     8 · length

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;

struct Params { length: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;  // [length]
@group(0) @binding(2) var<storage, read_write> y: array<Stored>;  // [length]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let inside = 4 * i + vec4u(0, 1, 2, 3) < vec4u(params.length);
  if (inside.x) { y[i] = select(Stored(0), x[i], inside & !(x[i] < Stored(0))); }
}
