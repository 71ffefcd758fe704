// Convolution, the filters that take a gradient back:  turned[i, ky, kx, o] = w[o, side − 1 − ky, side − 1 − kx, i]
// At stride 1 the gradient of the input is the convolution of dy with them.
// Layout    w: OHWI; turned: OHWI with the two kinds of channels exchanged; both in vec4s.
// Threads   One per 4 × 4 block of channels at one tap, so that both sides move in vec4s.
// FLOPs     0      Bytes  8 · |w|
// Source    Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, section 4.2.

override side: u32 = 3;

struct Params { outChannels: u32, inChannels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;  // [outChannels, side, side, inChannels]
@group(0) @binding(2) var<storage, read_write> turned: array<vec4f>;  // [inChannels, side, side, outChannels]

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let inQuads = params.inChannels / 4;
  let outQuads = params.outChannels / 4;
  if (id.x >= outQuads || id.y >= inQuads) { return; }
  let taps = side * side;
  let tap = id.z;
  var columns: mat4x4f;
  for (var o = 0u; o < 4; o++) { columns[o] = w[((id.x * 4 + o) * taps + taps - 1 - tap) * inQuads + id.y]; }
  let rows = transpose(columns);
  for (var i = 0u; i < 4; i++) { turned[((id.y * 4 + i) * taps + tap) * outQuads + id.x] = rows[i]; }
}
