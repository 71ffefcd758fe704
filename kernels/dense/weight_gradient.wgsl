// Dense layer, gradients of weight and bias:  dw[k, c] = Σ over n of dy[n, k] · x[n, c],  db[k] = Σ over n of dy[n, k]
// Layout    Channels in vec4s.
// Threads   One vec4 of dw each, summing the batch in order; those of the first channels also write db.
// FLOPs     2 · batch · classes · channels      Bytes  4 · (dy + x + dw) at best

struct Params { batch: u32, channels: u32, classes: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;  // [batch, channels]
@group(0) @binding(2) var<storage, read> dy: array<f32>;  // [batch, classes]
@group(0) @binding(3) var<storage, read_write> dw: array<vec4f>;  // [classes, channels]
@group(0) @binding(4) var<storage, read_write> db: array<f32>;  // [classes]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let quads = params.channels / 4;
  if (id.x >= params.classes * quads) { return; }
  let k = id.x / quads;
  var weight = vec4f(0);
  var bias = 0.0;
  for (var n = 0u; n < params.batch; n++) {
    let upstream = dy[n * params.classes + k];
    weight += upstream * x[n * quads + id.x % quads];
    bias += upstream;
  }
  dw[id.x] = weight;
  if (id.x % quads == 0) { db[k] = bias; }
}
