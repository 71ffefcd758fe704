// Mean of all elements:  y = Σ x / length
// Threads   64 lanes, each a strided partial sum in order; one lane adds the 64 partial sums in order. Meant for short
//           vectors such as one loss per image.
// FLOPs     length      Bytes  4 · length

struct Params { length: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;  // [length]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;  // [1]

var<workgroup> partial: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = lane; i < params.length; i += 64) { sum += x[i]; }
  partial[lane] = sum;
  workgroupBarrier();
  if (lane == 0) {
    var total = 0.0;
    for (var i = 0u; i < 64; i++) { total += partial[i]; }
    y[0] = total / f32(params.length);
  }
}
