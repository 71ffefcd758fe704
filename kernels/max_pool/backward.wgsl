// Gradient of 2 × 2 max pooling: dy goes to the window's first maximum in row-major order, 0 to all other pixels.
// Layout    NHWC, channels in vec4s.
// Threads   One vec4 of channels of one window each, so that x is read once; windows that an odd side cuts off write their
//           zeros. A grid over the limit is folded into y.
// Bytes     4 · (|x| + |dy| + |dx|)

struct Params { batch: u32, height: u32, width: u32, outHeight: u32, outWidth: u32, channels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;  // [batch, height, width, channels]
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;  // [batch, outHeight, outWidth, channels]
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;  // [batch, height, width, channels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let quads = params.channels / 4;
  let rows = (params.height + 1) / 2;
  let columns = (params.width + 1) / 2;
  if (i >= params.batch * rows * columns * quads) { return; }
  let quad = i % quads;
  let c = (i / quads) % columns;
  let r = (i / quads / columns) % rows;
  let n = i / quads / columns / rows;
  let corner = ((n * params.height + 2 * r) * params.width + 2 * c) * quads + quad;
  let below = corner + params.width * quads;
  if (r < params.outHeight && c < params.outWidth) {
    let upstream = dy[((n * params.outHeight + r) * params.outWidth + c) * quads + quad];
    let window = array(x[corner], x[corner + quads], x[below], x[below + quads]);
    let largest = max(max(window[0], window[1]), max(window[2], window[3]));
    let zero = vec4f(0);
    let first = window[0] == largest;
    let second = !first & (window[1] == largest);
    let third = !first & !second & (window[2] == largest);
    dx[corner] = select(zero, upstream, first);
    dx[corner + quads] = select(zero, upstream, second);
    dx[below] = select(zero, upstream, third);
    dx[below + quads] = select(zero, upstream, !first & !second & !third);
    return;
  }
  let right = 2 * c + 1 < params.width;
  let under = 2 * r + 1 < params.height;
  dx[corner] = vec4f(0);
  if (right) { dx[corner + quads] = vec4f(0); }
  if (under) { dx[below] = vec4f(0); }
}
