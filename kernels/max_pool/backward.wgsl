// Gradient of max pooling with stride 2: each dy goes to its window's first maximum in row-major order.
// Layout    NHWC, channels in vec4s.
// Threads   One vec4 of dx each, which asks all windows over it, at most ⌈side / 2⌉², whether it is their maximum; so every
//           sum has one fixed order. A grid over the limit is folded into y.
// Bytes     4 · (|x| + |dy| + |dx|) at best

override side: u32 = 2;
override padding: u32 = 0;

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
  let across = (side + 1) / 2;
  var sum = vec4f(0);
  for (var window = 0u; window < across * across; window++) {
    // The windows over this pixel, from the one that begins last.
    let r = i32((row + padding) / 2) - i32(window / across);
    let c = i32((column + padding) / 2) - i32(window % across);
    if (r < 0 || r >= i32(params.outHeight) || c < 0 || c >= i32(params.outWidth)) { continue; }
    let own = vec2i(i32(row + padding), i32(column + padding)) - 2 * vec2i(r, c);
    if (max(own.x, own.y) >= i32(side)) { continue; }
    var first = vec4i(-1);
    var best = vec4f(-3.4e38);
    for (var k = 0; k < i32(side * side); k++) {
      let at = 2 * vec2i(r, c) + vec2i(k / i32(side), k % i32(side)) - i32(padding);
      if (min(at.x, at.y) < 0 || at.x >= i32(params.height) || at.y >= i32(params.width)) { continue; }
      let candidate = x[((n * params.height + u32(at.x)) * params.width + u32(at.y)) * quads + quad];
      first = select(first, vec4i(k), candidate > best);
      best = max(best, candidate);
    }
    let upstream = dy[((n * params.outHeight + u32(r)) * params.outWidth + u32(c)) * quads + quad];
    sum += select(vec4f(0), upstream, first == vec4i(own.x * i32(side) + own.y));
  }
  dx[i] = sum;
}
