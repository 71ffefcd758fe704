// One step of the fast gradient sign method with projection:
//   y = Π(x + step · sign(direction)),  Π = clip to original ± epsilon, then to [0, 255]
// Layout    NHWC with 4 channels; the fourth, padding channel stays as it is.
// Threads   One pixel each; a grid over the limit is folded into y.
// FLOPs     6 · |x|      Bytes  16 · |x|
// Source    Goodfellow et al., ICLR 2015; Kurakin et al., ICLR 2017; Seiler et al., eq. 3.

struct Params { pixels: u32, step: f32, epsilon: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;  // [pixels, 4]
@group(0) @binding(2) var<storage, read> direction: array<vec4f>;  // [pixels, 4]
@group(0) @binding(3) var<storage, read> original: array<vec4f>;  // [pixels, 4]
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;  // [pixels, 4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels) { return; }
  let moved = x[i] + params.step * sign(direction[i]);
  let inBall = clamp(moved, original[i] - params.epsilon, original[i] + params.epsilon);
  y[i] = vec4f(clamp(inBall.xyz, vec3f(0), vec3f(255)), x[i].w);
}
