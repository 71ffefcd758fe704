// Gradient of 2 × 2 max pooling: dy goes to the window's first maximum in row-major order, 0 to all other pixels.
// Layout    NHWC, channels in vec4s.
// Threads   One vec4 of dx each, reading its window of x; a grid over the limit is folded into y.
// Bytes     4 · (|x| + |dy| + |dx|) at best

struct Params { batch: u32, height: u32, width: u32, outHeight: u32, outWidth: u32, channels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;  // [batch, height, width, channels]
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;  // [batch, outHeight, outWidth, channels]
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;  // [batch, height, width, channels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let quads = params.channels / 4;
  if (i >= params.batch * params.height * params.width * quads) { return; }
  let quad = i % quads;
  let column = (i / quads) % params.width;
  let row = (i / quads / params.width) % params.height;
  let n = i / quads / params.width / params.height;
  // The pixels left out repeat the nearest window's address and then get nothing.
  let r = min(row / 2, params.outHeight - 1);
  let c = min(column / 2, params.outWidth - 1);
  let corner = ((n * params.height + 2 * r) * params.width + 2 * c) * quads + quad;
  let below = corner + params.width * quads;
  var first = vec4u(0);
  var best = x[corner];
  for (var k = 1u; k < 4; k++) {
    let candidate = x[select(corner, below, k >= 2) + select(0u, quads, k % 2 == 1)];
    first = select(first, vec4u(k), candidate > best);
    best = max(best, candidate);
  }
  let own = (row % 2) * 2 + column % 2;
  let inside = row / 2 < params.outHeight && column / 2 < params.outWidth;
  let upstream = dy[((n * params.outHeight + r) * params.outWidth + c) * quads + quad];
  dx[i] = select(vec4f(0), upstream, (first == vec4u(own)) & vec4<bool>(inside));
}
