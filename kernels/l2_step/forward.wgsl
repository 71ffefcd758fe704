// One step of a gradient attack in the L2 ball:
//   y = clip(x0 + δ · min(1, epsilon / ‖δ‖₂)),  δ = x + step · direction − x0,  clip = to [0, 255]
// Clipping moves every value towards x0's, so the ball is not left by it.
// Threads   A workgroup of 64 lanes per image: strided partial sums in order, combined in order by one lane.
// FLOPs     9 · |x|      Bytes  28 · |x|
// Source    Madry et al., ICLR 2018; Dong et al., CVPR 2018, section 3.3.

struct Params { batch: u32, values: u32, step: f32, epsilon: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;  // [batch, values]
@group(0) @binding(2) var<storage, read> direction: array<f32>;  // [batch, values]
@group(0) @binding(3) var<storage, read> original: array<f32>;  // [batch, values]
@group(0) @binding(4) var<storage, read_write> y: array<f32>;  // [batch, values]

var<workgroup> partial: array<f32, 64>;
var<workgroup> shrink: f32;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let start = group.x * params.values;
  var sum = 0.0;
  for (var i = start + lane; i < start + params.values; i += 64) {
    let change = x[i] + params.step * direction[i] - original[i];
    sum += change * change;
  }
  partial[lane] = sum;
  workgroupBarrier();
  if (lane == 0) {
    for (var i = 1u; i < 64; i++) { sum += partial[i]; }
    // A floor, so that an image that has not moved divides by something.
    shrink = min(1, params.epsilon / max(sqrt(sum), 1e-30));
  }
  workgroupBarrier();
  for (var i = start + lane; i < start + params.values; i += 64) {
    let change = x[i] + params.step * direction[i] - original[i];
    y[i] = clamp(original[i] + change * shrink, 0, 255);
  }
}
