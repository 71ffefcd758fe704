// Gathers a batch from bytes:  y[n, r, c, 0 … 2] = image[index[n]][r − down, c′ − right],  c′ = c or its mirror image; y[n, r, c, 3] = 0
// The shift reads the nearest pixel where it points outside. A data set may lie in several buffers: each dispatch writes
// the images of its own range [first, first + images) and leaves the others alone.
// Layout    bytes: u8 NHWC, RGB interleaved, four bytes to a word; y: f32 NHWC, values 0 to 255, channels padded to 4.
//           jitter[n] = [flip (0 or 1), down, right, unused].
// Threads   One pixel each; a grid over the limit is folded into y.
// Bytes     3 · batch · size² read, 16 · batch · size² written

struct Params { batch: u32, size: u32, first: u32, images: u32, words: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bytes: array<u32>;  // [words]
@group(0) @binding(2) var<storage, read> indices: array<u32>;  // [batch]
@group(0) @binding(3) var<storage, read> jitter: array<vec4i>;  // [batch, 4]
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;  // [batch, size, size, 4]

fn byteAt(offset: u32) -> f32 {
  return f32((bytes[offset / 4] >> (8 * (offset % 4))) & 255);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let pixels = params.size * params.size;
  if (i >= params.batch * pixels) { return; }
  let n = i / pixels;
  let index = indices[n] - params.first;
  // An index below `first` wraps around to a large number.
  if (index >= params.images) { return; }
  let last = i32(params.size) - 1;
  let change = jitter[n];
  let r = clamp(i32(i / params.size % params.size) - change.y, 0, last);
  let shifted = clamp(i32(i % params.size) - change.z, 0, last);
  let c = select(shifted, last - shifted, change.x == 1);
  let offset = 3 * (index * pixels + u32(r) * params.size + u32(c));
  y[i] = vec4f(byteAt(offset), byteAt(offset + 1), byteAt(offset + 2), 0);
}
