// Sum of two tensors of one shape, with the rectifier behind it where wanted:  z = relu?(x + y)
// Threads   Four elements each, behind the last one zeros; a grid over the limit is folded into y.
// FLOPs     length      Bytes  12 · length

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;

override rectify: bool = false;

struct Params { length: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;  // [length]
@group(0) @binding(2) var<storage, read> y: array<Stored>;  // [length]
@group(0) @binding(3) var<storage, read_write> z: array<Stored>;  // [length]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let inside = 4 * i + vec4u(0, 1, 2, 3) < vec4u(params.length);
  if (inside.x) {
    let sum = vec4f(x[i]) + vec4f(y[i]);
    z[i] = Stored(select(sum, vec4f(0), !inside | ((sum < vec4f(0)) & vec4<bool>(rectify))));
  }
}
