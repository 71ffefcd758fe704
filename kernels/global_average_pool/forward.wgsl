// Global average pooling:  y[n, c] = mean over r, k of x[n, r, k, c]
// Layout    x: NHWC; channels in vec4s.
// Threads   One vec4 of channels of one image each, summing its pixels in order.
// FLOPs     |x|      Bytes  4 · |x|
// Source    Lin et al., "Network In Network", ICLR 2014.

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;

struct Params { batch: u32, pixels: u32, channels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;  // [batch, pixels, channels]
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;  // [batch, channels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let quads = params.channels / 4;
  if (id.x >= params.batch * quads) { return; }
  let start = (id.x / quads) * params.pixels * quads + id.x % quads;
  var sum = vec4f(0);
  for (var pixel = 0u; pixel < params.pixels; pixel++) { sum += vec4f(x[start + pixel * quads]); }
  y[id.x] = sum / f32(params.pixels);
}
