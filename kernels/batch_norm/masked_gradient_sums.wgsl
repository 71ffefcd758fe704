// Batch norm, backward, first of three passes where a shortcut was added before the rectifier: masked = dy where the
// rectifier let y through, which is the shortcut's gradient too, and over a chunk of pixels the sums of that and of its
// products with x̂ per channel, where x̂ = (x − mean) / √(variance + 1e-5).
// Here x does not tell where y > 0. The third pass reads `masked` in place of y and dy: 28 bytes a value in the two passes
// over the pixels, against 32 where it asks y again or where relu/backward is a pass of its own.
// Layout    x, y, dy, masked: [pixels, channels], channels in vec4s; partial[chunk] holds Σ masked, then Σ masked · x̂.
// Threads   One vec4 of channels of one chunk each, pixels in order.
// FLOPs     5 · |x|      Bytes  16 · |x|

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;

struct Params { pixels: u32, channels: u32, chunks: u32, chunkPixels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;  // [pixels, channels]
@group(0) @binding(2) var<storage, read> y: array<Stored>;  // [pixels, channels]
@group(0) @binding(3) var<storage, read> dy: array<Stored>;  // [pixels, channels]
@group(0) @binding(4) var<storage, read> mean: array<vec4f>;  // [channels]
@group(0) @binding(5) var<storage, read> variance: array<vec4f>;  // [channels]
@group(0) @binding(6) var<storage, read_write> masked: array<Stored>;  // [pixels, channels]
@group(0) @binding(7) var<storage, read_write> partial: array<vec4f>;  // [chunks, 2, channels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let quads = params.channels / 4;
  if (id.x >= params.chunks * quads) { return; }
  let quad = id.x % quads;
  let chunk = id.x / quads;
  let centre = mean[quad];
  let inverse = inverseSqrt(variance[quad] + 1e-5);
  let first = chunk * params.chunkPixels;
  let end = min(first + params.chunkPixels, params.pixels);
  var sum = vec4f(0);
  var product = vec4f(0);
  for (var pixel = first; pixel < end; pixel++) {
    let at = pixel * quads + quad;
    let upstream = select(vec4f(dy[at]), vec4f(0), y[at] <= Stored(0));
    masked[at] = Stored(upstream);
    sum += upstream;
    product += upstream * ((vec4f(x[at]) - centre) * inverse);
  }
  partial[chunk * 2 * quads + quad] = sum;
  partial[(chunk * 2 + 1) * quads + quad] = product;
}
