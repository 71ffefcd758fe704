// Gradient of softmax cross-entropy:  dz[n, k] = upstream[n] · (softmax(z[n])[k] − [k = label[n]])
// At the label that is −Σ over the others of softmax, which keeps its digits where the label's own rounds to one: the
// direction of a very sure network's gradient depends on them.
// Threads   One image each, three walks over its logits.
// FLOPs     6 · batch · classes      Bytes  8 · |logits|

struct Params { batch: u32, classes: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;  // [batch, classes]
@group(0) @binding(2) var<storage, read> labels: array<u32>;  // [batch]
@group(0) @binding(3) var<storage, read> upstream: array<f32>;  // [batch]
@group(0) @binding(4) var<storage, read_write> dlogits: array<f32>;  // [batch, classes]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.batch) { return; }
  let start = id.x * params.classes;
  var largest = logits[start];
  for (var k = 1u; k < params.classes; k++) { largest = max(largest, logits[start + k]); }
  let label = labels[id.x];
  var others = 0.0;
  for (var k = 0u; k < params.classes; k++) {
    others += select(exp(logits[start + k] - largest), 0.0, k == label);
  }
  let scale = upstream[id.x] / (others + exp(logits[start + label] - largest));
  for (var k = 0u; k < params.classes; k++) {
    dlogits[start + k] = scale * select(exp(logits[start + k] - largest), -others, k == label);
  }
}
