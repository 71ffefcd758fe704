// Softmax cross-entropy per image:  loss[n] = log Σ over k of exp(z[n, k] − m) + m − z[n, label[n]],  m = max over k of z[n, k]
// Threads   One image each, three walks over its logits.
// FLOPs     4 · batch · classes      Bytes  4 · |logits|

struct Params { batch: u32, classes: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;  // [batch, classes]
@group(0) @binding(2) var<storage, read> labels: array<u32>;  // [batch]
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;  // [batch]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.batch) { return; }
  let start = id.x * params.classes;
  var largest = logits[start];
  for (var k = 1u; k < params.classes; k++) { largest = max(largest, logits[start + k]); }
  var sum = 0.0;
  for (var k = 0u; k < params.classes; k++) { sum += exp(logits[start + k] - largest); }
  losses[id.x] = log(sum) + (largest - logits[start + labels[id.x]]);
}
