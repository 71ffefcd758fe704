// Batch norm, backward, first of three passes: over a chunk of pixels, the sums of dy and of dy · x̂ per channel, where
// x̂ = (x − mean) / √(variance + 1e-5) and dy counts only where the rectifier behind (if any) let y through.
// Layout    x, dy: [pixels, channels], channels in vec4s; partial[chunk] holds Σ dy, then Σ dy · x̂.
// Threads   One vec4 of channels of one chunk each, pixels in order.
// FLOPs     7 · |x|      Bytes  8 · |x|

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;

override rectify: bool = false;

struct Params { pixels: u32, channels: u32, chunks: u32, chunkPixels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;  // [pixels, channels]
@group(0) @binding(2) var<storage, read> dy: array<Stored>;  // [pixels, channels]
@group(0) @binding(3) var<storage, read> gamma: array<vec4f>;  // [channels]
@group(0) @binding(4) var<storage, read> beta: array<vec4f>;  // [channels]
@group(0) @binding(5) var<storage, read> mean: array<vec4f>;  // [channels]
@group(0) @binding(6) var<storage, read> variance: array<vec4f>;  // [channels]
@group(0) @binding(7) var<storage, read_write> partial: array<vec4f>;  // [chunks, 2, channels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let quads = params.channels / 4;
  if (id.x >= params.chunks * quads) { return; }
  let quad = id.x % quads;
  let chunk = id.x / quads;
  let centre = mean[quad];
  let inverse = inverseSqrt(variance[quad] + 1e-5);
  let scale = gamma[quad] * inverse;
  let shift = beta[quad];
  let first = chunk * params.chunkPixels;
  let end = min(first + params.chunkPixels, params.pixels);
  var sum = vec4f(0);
  var product = vec4f(0);
  for (var pixel = first; pixel < end; pixel++) {
    let at = pixel * quads + quad;
    let deviation = vec4f(x[at]) - centre;
    let upstream = select(vec4f(dy[at]), vec4f(0), (deviation * scale + shift <= vec4f(0)) & vec4<bool>(rectify));
    sum += upstream;
    product += upstream * (deviation * inverse);
  }
  partial[chunk * 2 * quads + quad] = sum;
  partial[(chunk * 2 + 1) * quads + quad] = product;
}
