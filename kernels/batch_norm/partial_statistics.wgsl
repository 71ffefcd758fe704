// Batch norm, statistics, first of two passes: mean and sum of squared deviations of each channel over a chunk of pixels.
// Both walks over the chunk find it in the cache; deviations from the chunk's own mean keep f32 from cancelling.
// Layout    x: [pixels, channels] with pixels = batch · height · width; partial[chunk] holds the mean, then the squares.
// Threads   One vec4 of channels of one chunk each, pixels in order.
// FLOPs     4 · |x|      Bytes  4 · |x|
// Source    Ioffe and Szegedy, ICML 2015; Chan, Golub and LeVeque, "Algorithms for Computing the Sample Variance", 1983.

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;

struct Params { pixels: u32, channels: u32, chunks: u32, chunkPixels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;  // [pixels, channels]
@group(0) @binding(2) var<storage, read_write> partial: array<vec4f>;  // [chunks, 2, channels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let quads = params.channels / 4;
  if (id.x >= params.chunks * quads) { return; }
  let quad = id.x % quads;
  let chunk = id.x / quads;
  let first = chunk * params.chunkPixels;
  let end = min(first + params.chunkPixels, params.pixels);
  var sum = vec4f(0);
  for (var pixel = first; pixel < end; pixel++) { sum += vec4f(x[pixel * quads + quad]); }
  let mean = sum / f32(end - first);
  var squares = vec4f(0);
  for (var pixel = first; pixel < end; pixel++) {
    let deviation = vec4f(x[pixel * quads + quad]) - mean;
    squares += deviation * deviation;
  }
  partial[chunk * 2 * quads + quad] = mean;
  partial[(chunk * 2 + 1) * quads + quad] = squares;
}
