// Batch norm, backward, third of three passes:
//   dx = γ / √(variance + 1e-5) · (dy − dβ / pixels − x̂ · dγ / pixels)
// where dy counts only where the rectifier behind (if any) let y through.
// Layout    x, dy, dx: [pixels, channels], channels in vec4s.
// Threads   A fixed vec4 of channels each, striding over the pixels.
// FLOPs     9 · |x|      Bytes  12 · |x|
// Source    Ioffe and Szegedy, ICML 2015, section 3.

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;

override rectify: bool = false;

struct Params { pixels: u32, channels: u32, strides: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;  // [pixels, channels]
@group(0) @binding(2) var<storage, read> dy: array<Stored>;  // [pixels, channels]
@group(0) @binding(3) var<storage, read> gamma: array<vec4f>;  // [channels]
@group(0) @binding(4) var<storage, read> beta: array<vec4f>;  // [channels]
@group(0) @binding(5) var<storage, read> mean: array<vec4f>;  // [channels]
@group(0) @binding(6) var<storage, read> variance: array<vec4f>;  // [channels]
@group(0) @binding(7) var<storage, read> dgamma: array<vec4f>;  // [channels]
@group(0) @binding(8) var<storage, read> dbeta: array<vec4f>;  // [channels]
@group(0) @binding(9) var<storage, read_write> dx: array<Stored>;  // [pixels, channels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let quads = params.channels / 4;
  if (i >= params.strides * quads) { return; }
  let quad = i % quads;
  let centre = mean[quad];
  let inverse = inverseSqrt(variance[quad] + 1e-5);
  let scale = gamma[quad] * inverse;
  let shift = beta[quad];
  let share = 1 / f32(params.pixels);
  let meanUpstream = dbeta[quad] * share;
  let meanProduct = dgamma[quad] * share * inverse;
  for (var pixel = i / quads; pixel < params.pixels; pixel += params.strides) {
    let at = pixel * quads + quad;
    let deviation = vec4f(x[at]) - centre;
    let upstream = select(vec4f(dy[at]), vec4f(0), (deviation * scale + shift <= vec4f(0)) & vec4<bool>(rectify));
    dx[at] = Stored(scale * (upstream - meanUpstream - deviation * meanProduct));
  }
}
