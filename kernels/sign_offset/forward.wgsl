// Moves every image along signs, by an amount of its own:  y[n] = x[n] + amount[n] · sign(direction[n])
// Layout    NHWC with 4 channels; the fourth, padding channel stays as it is.
// Threads   One pixel each; a grid over the limit is folded into y.
// FLOPs     3 · |x|      Bytes  12 · |x|
// Source    Goodfellow et al., ICLR 2015; the axes of Figs. 5 and 6 of Seiler et al.

struct Params { batch: u32, pixels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;  // [batch, pixels, 4]
@group(0) @binding(2) var<storage, read> direction: array<vec4f>;  // [batch, pixels, 4]
@group(0) @binding(3) var<storage, read> amount: array<f32>;  // [batch]
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;  // [batch, pixels, 4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.batch * params.pixels) { return; }
  let offset = amount[i / params.pixels] * sign(direction[i].xyz);
  y[i] = x[i] + vec4f(offset, 0);
}
