// Max pooling, 2 × 2, stride 2:  y[n, r, c] = max of x[n, 2r … 2r+1, 2c … 2c+1]; an odd last row or column is left out.
// Layout    NHWC, channels in vec4s.
// Threads   One vec4 of y each; a grid over the limit is folded into y.
// Bytes     5/4 · 4 · |x|

struct Params { batch: u32, height: u32, width: u32, outHeight: u32, outWidth: u32, channels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;  // [batch, height, width, channels]
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;  // [batch, outHeight, outWidth, channels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let quads = params.channels / 4;
  if (i >= params.batch * params.outHeight * params.outWidth * quads) { return; }
  let quad = i % quads;
  let c = (i / quads) % params.outWidth;
  let r = (i / quads / params.outWidth) % params.outHeight;
  let n = i / quads / params.outWidth / params.outHeight;
  let corner = ((n * params.height + 2 * r) * params.width + 2 * c) * quads + quad;
  let below = corner + params.width * quads;
  y[i] = max(max(x[corner], x[corner + quads]), max(x[below], x[below + quads]));
}
