// Max pooling with stride 2:  y[n, r, c] = max of x[n, 2r − padding … 2r − padding + side − 1, likewise]; pixels outside
// x do not count, and what is left over at the end is left out.
// Layout    NHWC, channels in vec4s.
// Threads   One vec4 of y each; a grid over the limit is folded into y.
// Bytes     4 · (|x| + |y|) at best

// What activations are in memory: with f16 storage the same in halves (src/gpu/kernel.ts).
alias Stored = vec4f;

override side: u32 = 2;
override padding: u32 = 0;

struct Params { batch: u32, height: u32, width: u32, outHeight: u32, outWidth: u32, channels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Stored>;  // [batch, height, width, channels]
@group(0) @binding(2) var<storage, read_write> y: array<Stored>;  // [batch, outHeight, outWidth, channels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let quads = params.channels / 4;
  if (i >= params.batch * params.outHeight * params.outWidth * quads) { return; }
  let quad = i % quads;
  let c = (i / quads) % params.outWidth;
  let r = (i / quads / params.outWidth) % params.outHeight;
  let n = i / quads / params.outWidth / params.outHeight;
  var best = vec4f(-3.4e38);
  for (var k = 0u; k < side * side; k++) {
    // A pixel outside repeats one that lies in the window.
    let row = u32(clamp(i32(2 * r + k / side) - i32(padding), 0, i32(params.height) - 1));
    let column = u32(clamp(i32(2 * c + k % side) - i32(padding), 0, i32(params.width) - 1));
    best = max(best, vec4f(x[((n * params.height + row) * params.width + column) * quads + quad]));
  }
  y[i] = Stored(best);
}
