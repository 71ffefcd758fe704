// Random numbers for images, a stream per image: word i of image n is the i-th 32-bit number of the stream (seed, purpose,
// streams[n]) that src/random.ts draws, so a pixel's four words are one block of Philox.
//   uniform  y = 2⁻²³ · ⌊word / 2⁸⌋ − 1, in [−1, 1)
//   normal   √(−2 · ln(1 − u)) · cos or sin(π · v), u and v from words 0 and 1 for red and green, 2 and 3 for blue
// Layout    NHWC with 4 channels; the fourth, padding channel is zero.
// Threads   One pixel each; a grid over the limit is folded into y.
// FLOPs     integer work mostly, ten rounds a pixel      Bytes  4 · |y|
// Source    Philox-4x32-10, Salmon et al., SC 2011; Box and Muller, 1958.

override normal: u32 = 0;

struct Params { batch: u32, pixels: u32, keyLow: u32, keyHigh: u32, purpose: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> streams: array<u32>;  // [batch]
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;  // [batch, pixels, 4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.batch * params.pixels) { return; }
  let counter = vec4u(i % params.pixels, streams[i / params.pixels], params.purpose, 0);
  let words = philox(counter, vec2u(params.keyLow, params.keyHigh));
  // 24 bits are what an f32 holds exactly.
  let uniform24 = vec4f(words >> vec4u(8)) * exp2(-24);
  let signed = 2 * uniform24 - 1;
  if (normal == 0) {
    y[i] = vec4f(signed.xyz, 0);
  } else {
    let radius = sqrt(-2 * log(1 - uniform24.xz));
    let angle = 3.14159265358979 * signed.yw;
    y[i] = vec4f(radius.x * cos(angle.x), radius.x * sin(angle.x), radius.y * cos(angle.y), 0);
  }
}

fn philox(start: vec4u, start_key: vec2u) -> vec4u {
  var c = start;
  var key = start_key;
  for (var round = 0; round < 10; round++) {
    let a = multiply_wide(0xd2511f53u, c.x);
    let b = multiply_wide(0xcd9e8d57u, c.z);
    c = vec4u(b.x ^ c.y ^ key.x, b.y, a.x ^ c.w ^ key.y, a.y);
    key += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

// The 64 bits of a · b, high word first, by schoolbook multiplication of halves.
fn multiply_wide(a: u32, b: u32) -> vec2u {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16) * (b & 0xffffu) + (low >> 16);
  let carried = (a & 0xffffu) * (b >> 16) + (middle & 0xffffu);
  return vec2u((a >> 16) * (b >> 16) + (middle >> 16) + (carried >> 16), a * b);
}
