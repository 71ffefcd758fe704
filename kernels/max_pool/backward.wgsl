// Gradient of max pooling with stride 2: each dy goes to its window's first maximum in row-major order.
// Layout    NHWC, channels in vec4s.
// Threads   One holds a vec4 of a cell of 2 × 2 pixels of dx and asks the windows over the cell, at most four, which of
//           the pixels is their maximum; so every sum has one fixed order. A grid over the limit is folded into y.
// Bytes     4 · (|x| + |dy| + |dx|) at best

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;

override side: i32 = 2;
override padding: i32 = 0;
// Of the windows over a cell, along either side: the first, counted from the window of the cell's number, and how many.
override firstWindow = -((side - 1 - padding) / 2);
override windows = (1 + padding) / 2 - firstWindow + 1;

struct Params { batch: u32, height: u32, width: u32, outHeight: u32, outWidth: u32, channels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;  // [batch, height, width, channels]
@group(0) @binding(2) var<storage, read> dy: array<Stored>;  // [batch, outHeight, outWidth, channels]
@group(0) @binding(3) var<storage, read_write> dx: array<Stored>;  // [batch, height, width, channels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let quads = params.channels / 4;
  let down = (params.height + 1) / 2;
  let along = (params.width + 1) / 2;
  if (i >= params.batch * down * along * quads) { return; }
  let quad = i % quads;
  let cell = vec2i(vec2u(i / quads / along % down, i / quads % along));
  let n = i / quads / along / down;
  var sums: array<vec4f, 4>;
  for (var window = 0; window < windows * windows; window++) {
    let place = cell + firstWindow + vec2i(window / windows, window % windows);
    if (min(place.x, place.y) < 0 || place.x >= i32(params.outHeight) || place.y >= i32(params.outWidth)) { continue; }
    var first = vec4i(-1);
    var best = vec4f(-3.4e38);
    for (var k = 0; k < side * side; k++) {
      let at = 2 * place + vec2i(k / side, k % side) - padding;
      if (min(at.x, at.y) < 0 || at.x >= i32(params.height) || at.y >= i32(params.width)) { continue; }
      let candidate = vec4f(x[((n * params.height + u32(at.x)) * params.width + u32(at.y)) * quads + quad]);
      first = select(first, vec4i(k), candidate > best);
      best = max(best, candidate);
    }
    let upstream = vec4f(dy[((n * params.outHeight + u32(place.x)) * params.outWidth + u32(place.y)) * quads + quad]);
    for (var pixel = 0; pixel < 4; pixel++) {
      let own = 2 * (cell - place) + vec2i(pixel / 2, pixel % 2) + padding;
      if (min(own.x, own.y) >= 0 && max(own.x, own.y) < side) {
        sums[pixel] += select(vec4f(0), upstream, first == vec4i(own.x * side + own.y));
      }
    }
  }
  for (var pixel = 0; pixel < 4; pixel++) {
    let at = 2 * cell + vec2i(pixel / 2, pixel % 2);
    if (at.x < i32(params.height) && at.y < i32(params.width)) {
      dx[((n * params.height + u32(at.x)) * params.width + u32(at.y)) * quads + quad] = Stored(sums[pixel]);
    }
  }
}
