// Kullback-Leibler divergence per image between two softmaxes:
//   divergence[n] = Σ over k of p[k] · (log p[k] − log q[k]),  p = softmax(a[n]),  q = softmax(b[n])
// Threads   One image each, walking over its logits; logarithms come from log-softmax, so no probability is divided by.
// FLOPs     12 · batch · classes      Bytes  8 · |logits|
// Source    Kullback and Leibler, "On Information and Sufficiency", 1951; Seiler et al., section IV.2.

struct Params { batch: u32, classes: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;  // [batch, classes]
@group(0) @binding(2) var<storage, read> b: array<f32>;  // [batch, classes]
@group(0) @binding(3) var<storage, read_write> divergence: array<f32>;  // [batch]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.batch) { return; }
  let start = id.x * params.classes;
  var largestA = a[start];
  var largestB = b[start];
  for (var k = 1u; k < params.classes; k++) {
    largestA = max(largestA, a[start + k]);
    largestB = max(largestB, b[start + k]);
  }
  var sumA = 0.0;
  var sumB = 0.0;
  for (var k = 0u; k < params.classes; k++) {
    sumA += exp(a[start + k] - largestA);
    sumB += exp(b[start + k] - largestB);
  }
  let logSumA = log(sumA);
  let logSumB = log(sumB);
  var sum = 0.0;
  for (var k = 0u; k < params.classes; k++) {
    let logP = a[start + k] - largestA - logSumA;
    let logQ = b[start + k] - largestB - logSumB;
    sum += exp(logP) * (logP - logQ);
  }
  divergence[id.x] = sum;
}
