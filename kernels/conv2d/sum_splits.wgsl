// Convolution, second of two passes where a sum was cut into splits:  y[j] = relu?(bias?[j mod channels] + Σ over s of partial[s, j]),  the splits in their order,
// where bias and rectifier belong to a batch norm folded in (batch_norm/fold.wgsl); a weight gradient has neither.
// Layout    y: flat; channels in vec4s.
// Threads   One per vec4; a grid over the limit is folded into y.
// FLOPs     splits · length      Bytes  4 · (splits + 1) · length
// Source    None: a sum.

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;

override biased: bool = false;
override rectify: bool = false;

struct Params { length: u32, splits: u32, channels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<vec4f>;  // [splits, length]
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;  // [channels]
@group(0) @binding(3) var<storage, read_write> y: array<Stored>;  // [length]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let quads = params.length / 4;
  if (i >= quads) { return; }
  var sum = partial[i];
  for (var s = 1u; s < params.splits; s++) { sum += partial[s * quads + i]; }
  if (biased) { sum += bias[i % (params.channels / 4)]; }
  y[i] = Stored(select(sum, vec4f(0), (sum < vec4f(0)) & vec4<bool>(rectify)));
}
