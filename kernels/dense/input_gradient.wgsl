// Dense layer, gradient of the input:  dx[n, c] = Σ over k of dy[n, k] · w[k, c]
// Layout    Channels in vec4s.
// Threads   One vec4 of dx each.
// FLOPs     2 · batch · classes · channels      Bytes  4 · (dy + w + dx) at best

struct Params { batch: u32, channels: u32, classes: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;  // [batch, classes]
@group(0) @binding(2) var<storage, read> w: array<vec4f>;  // [classes, channels]
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;  // [batch, channels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let quads = params.channels / 4;
  if (id.x >= params.batch * quads) { return; }
  let n = id.x / quads;
  var sum = vec4f(0);
  for (var k = 0u; k < params.classes; k++) { sum += dy[n * params.classes + k] * w[k * quads + id.x % quads]; }
  dx[id.x] = sum;
}
