// Dense layer:  y[n, k] = Σ over c of x[n, c] · w[k, c] + b[k]
// Layout    Channels of x and w in vec4s; classes need no multiple of 4.
// Threads   One output each.
// FLOPs     2 · batch · classes · channels      Bytes  4 · (x + w + b + y) at best

struct Params { batch: u32, channels: u32, classes: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;  // [batch, channels]
@group(0) @binding(2) var<storage, read> w: array<vec4f>;  // [classes, channels]
@group(0) @binding(3) var<storage, read> b: array<f32>;  // [classes]
@group(0) @binding(4) var<storage, read_write> y: array<f32>;  // [batch, classes]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.batch * params.classes) { return; }
  let n = id.x / params.classes;
  let k = id.x % params.classes;
  let quads = params.channels / 4;
  var sum = b[k];
  for (var c = 0u; c < quads; c++) { sum += dot(x[n * quads + c], w[k * quads + c]); }
  y[id.x] = sum;
}
