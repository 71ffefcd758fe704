// Gradients of KL(p ‖ q), p = softmax(a), q = softmax(b), with D the divergence of the image:
//   da[n, k] = upstream[n] · p[k] · (log p[k] − log q[k] − D[n]),   db[n, k] = upstream[n] · (q[k] − p[k])
// Threads   One image each, walking over its logits.
// FLOPs     16 · batch · classes      Bytes  16 · |logits|

struct Params { batch: u32, classes: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;  // [batch, classes]
@group(0) @binding(2) var<storage, read> b: array<f32>;  // [batch, classes]
@group(0) @binding(3) var<storage, read> divergence: array<f32>;  // [batch]
@group(0) @binding(4) var<storage, read> upstream: array<f32>;  // [batch]
@group(0) @binding(5) var<storage, read_write> da: array<f32>;  // [batch, classes]
@group(0) @binding(6) var<storage, read_write> db: array<f32>;  // [batch, classes]

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
  for (var k = 0u; k < params.classes; k++) {
    let logP = a[start + k] - largestA - logSumA;
    let logQ = b[start + k] - largestB - logSumB;
    let p = exp(logP);
    da[start + k] = upstream[id.x] * p * (logP - logQ - divergence[id.x]);
    db[start + k] = upstream[id.x] * (exp(logQ) - p);
  }
}
