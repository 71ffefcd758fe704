// Convolution, gradient of the weight, second of two passes:  dw[j] = Σ over splits s of  partial[s, j],  in their order.
// Layout    dw: a weight in OHWI, flat.
// Threads   One per vec4.
// FLOPs     splits · length      Bytes  4 · (splits + 1) · length
// Source    None: a sum.

struct Params { length: u32, splits: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<vec4f>;  // [splits, length]
@group(0) @binding(2) var<storage, read_write> dw: array<vec4f>;  // [length]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let quads = params.length / 4;
  if (id.x >= quads) { return; }
  var sum = partial[id.x];
  for (var s = 1u; s < params.splits; s++) { sum += partial[s * quads + id.x]; }
  dw[id.x] = sum;
}
