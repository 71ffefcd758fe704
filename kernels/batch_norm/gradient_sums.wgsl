// Batch norm, backward, second of three passes: adds up the chunks into dβ = Σ dy and dγ = Σ dy · x̂.
// Threads   A workgroup of 64 lanes per vec4 of channels: each lane adds every 64th chunk in order, one lane then adds the
//           64 results in order.
// FLOPs     |partial|      Bytes  4 · |partial|

struct Params { channels: u32, chunks: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<vec4f>;  // [chunks, 2, channels]
@group(0) @binding(2) var<storage, read_write> dgamma: array<vec4f>;  // [channels]
@group(0) @binding(3) var<storage, read_write> dbeta: array<vec4f>;  // [channels]

var<workgroup> sums: array<vec4f, 64>;
var<workgroup> products: array<vec4f, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let quads = params.channels / 4;
  var sum = vec4f(0);
  var product = vec4f(0);
  for (var chunk = lane; chunk < params.chunks; chunk += 64) {
    let at = chunk * 2 * quads + group.x;
    sum += partial[at];
    product += partial[at + quads];
  }
  sums[lane] = sum;
  products[lane] = product;
  workgroupBarrier();
  if (lane == 0) {
    for (var i = 1u; i < 64; i++) {
      sum += sums[i];
      product += products[i];
    }
    dbeta[group.x] = sum;
    dgamma[group.x] = product;
  }
}
