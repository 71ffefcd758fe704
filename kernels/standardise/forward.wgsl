// The normaliser, part of every network:  y = (x − mean) · inverse per channel, inverse = 1 / standard deviation
// Layout    NHWC with 4 channels, the fourth, padding channel becoming zero.
// Threads   One pixel each; a grid over the limit is folded into y.
// FLOPs     2 · |x|      Bytes  8 · |x|

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;

struct Params { pixels: u32, meanR: f32, meanG: f32, meanB: f32, inverseR: f32, inverseG: f32, inverseB: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;  // [pixels, 4]
@group(0) @binding(2) var<storage, read_write> y: array<Stored>;  // [pixels, 4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels) { return; }
  let mean = vec4f(params.meanR, params.meanG, params.meanB, 0);
  y[i] = Stored((x[i] - mean) * vec4f(params.inverseR, params.inverseG, params.inverseB, 0));
}
