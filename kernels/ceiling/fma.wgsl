// How fast this adapter can multiply and add: chains of fused multiply-adds on registers, nothing else.
// Threads   Each runs 8 chains of vec4s, so that one need not wait for its own last result: no more than a processor has
//           registers for, and four rounds at a time, so that counting them costs little.
// FLOPs     threads · 64 · rounds      Bytes  16 · threads

struct Params { threads: u32, rounds: u32, factor: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;  // [threads, 4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.threads) { return; }
  let factor = vec4f(params.factor);
  let seed = vec4f(f32(id.x), 1, 2, 3);
  var chains: array<vec4f, 8>;
  for (var k = 0u; k < 8; k++) { chains[k] = seed + f32(k); }
  for (var round = 0u; round < params.rounds; round += 4) {
    for (var i = 0u; i < 32; i++) { chains[i % 8] = fma(chains[i % 8], factor, seed); }
  }
  var total = vec4f(0);
  for (var k = 0u; k < 8; k++) { total += chains[k]; }
  y[id.x] = total;
}
