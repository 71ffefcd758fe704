// Scales each image's gradient to length one:  y[n] = g[n] / (‖g[n]‖ + 1e-12), ‖·‖ the L2 norm, or the L1 norm
// Sums are taken of g / max |g|, so that neither tiny nor huge gradients leave the range of f32.
// Threads   A workgroup of 64 lanes per image: strided partial results in order, combined in order by one lane.
// FLOPs     4 · |g|      Bytes  16 · |g|
// Source    Seiler et al., eq. 2; Dong et al., CVPR 2018, eq. 6.

// 1 or 2.
override norm: u32 = 2;

struct Params { batch: u32, values: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;  // [batch, values]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;  // [batch, values]

var<workgroup> partial: array<f32, 64>;
var<workgroup> shared_result: f32;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let start = group.x * params.values;

  var largest = 0.0;
  for (var i = lane; i < params.values; i += 64) { largest = max(largest, abs(g[start + i])); }
  partial[lane] = largest;
  workgroupBarrier();
  if (lane == 0) {
    for (var i = 1u; i < 64; i++) { largest = max(largest, partial[i]); }
    shared_result = largest;
  }
  workgroupBarrier();
  // Below 1e-30 the 1e-12 alone decides; without the floor 1 / unit would overflow for zero or subnormal gradients.
  let unit = max(shared_result, 1e-30);
  let inverse = 1 / unit;

  var sum = 0.0;
  for (var i = lane; i < params.values; i += 64) {
    let scaled = g[start + i] * inverse;
    sum += select(scaled * scaled, abs(scaled), norm == 1);
  }
  partial[lane] = sum;
  workgroupBarrier();
  if (lane == 0) {
    for (var i = 1u; i < 64; i++) { sum += partial[i]; }
    shared_result = select(sqrt(sum), sum, norm == 1);
  }
  workgroupBarrier();
  let length = shared_result * unit;

  for (var i = lane; i < params.values; i += 64) { y[start + i] = g[start + i] / (length + 1e-12); }
}
