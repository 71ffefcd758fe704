// Superimposes images of a batch:  y[n] = (1 − α[n]) · x[n] + α[n] · x[partner[n]]
// Threads   One vec4 each; a grid over the limit is folded into y.
// FLOPs     3 · |x|      Bytes  12 · |x|
// Source    Seiler et al., eq. 4.

struct Params { batch: u32, values: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;  // [batch, values]
@group(0) @binding(2) var<storage, read> partner: array<u32>;  // [batch]
@group(0) @binding(3) var<storage, read> alpha: array<f32>;  // [batch]
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;  // [batch, values]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let quads = params.values / 4;
  if (i >= params.batch * quads) { return; }
  let n = i / quads;
  y[i] = (1 - alpha[n]) * x[i] + alpha[n] * x[partner[n] * quads + i % quads];
}
