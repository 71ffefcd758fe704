// Gradient of global average pooling:  dx[n, pixel, c] = dy[n, c] / pixels
// Layout    dx: NHWC; channels in vec4s.
// Threads   One vec4 of dx each; a grid over the limit is folded into y.
// Bytes     4 · |dx|

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;

struct Params { batch: u32, pixels: u32, channels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;  // [batch, channels]
@group(0) @binding(2) var<storage, read_write> dx: array<Stored>;  // [batch, pixels, channels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let quads = params.channels / 4;
  if (i >= params.batch * params.pixels * quads) { return; }
  let n = i / (params.pixels * quads);
  dx[i] = Stored(dy[n * quads + i % quads] / f32(params.pixels));
}
