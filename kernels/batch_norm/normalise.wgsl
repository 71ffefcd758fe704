// Batch norm, forward, and where wanted the end of a residual block behind it, all in one pass:
//   y = relu?(γ · (x − mean) / √(variance + 1e-5) + β + shortcut?)
// with the statistics of x.
// Layout    x, shortcut, y: [pixels, channels], channels in vec4s.
// Threads   A fixed vec4 of channels each, striding over the pixels; the channel's numbers stay in registers.
// FLOPs     5 · |x|      Bytes  8 · |x|, with a shortcut 12 · |x|
// Source    Ioffe and Szegedy, ICML 2015, algorithm 1; He et al., CVPR 2016, eq. 2.

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;

override residual: bool = false;
override rectify: bool = false;

struct Params { pixels: u32, channels: u32, strides: u32, shortcutPixels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;  // [pixels, channels]
@group(0) @binding(2) var<storage, read> gamma: array<vec4f>;  // [channels]
@group(0) @binding(3) var<storage, read> beta: array<vec4f>;  // [channels]
@group(0) @binding(4) var<storage, read> mean: array<vec4f>;  // [channels]
@group(0) @binding(5) var<storage, read> variance: array<vec4f>;  // [channels]
@group(0) @binding(6) var<storage, read> shortcut: array<Stored>;  // [shortcutPixels, channels]
@group(0) @binding(7) var<storage, read_write> y: array<Stored>;  // [pixels, channels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let quads = params.channels / 4;
  if (i >= params.strides * quads) { return; }
  let quad = i % quads;
  let centre = mean[quad];
  let scale = gamma[quad] * inverseSqrt(variance[quad] + 1e-5);
  let shift = beta[quad];
  for (var pixel = i / quads; pixel < params.pixels; pixel += params.strides) {
    let at = pixel * quads + quad;
    var value = (vec4f(x[at]) - centre) * scale + shift;
    if (residual) { value += vec4f(shortcut[at]); }
    y[at] = Stored(select(value, vec4f(0), (value < vec4f(0)) & vec4<bool>(rectify)));
  }
}
