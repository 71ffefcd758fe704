// How fast this adapter can multiply and add: chains of fused multiply-adds on registers, nothing else.
// Threads   Each runs 16 chains of vec4s, so that one need not wait for its own last result.
// FLOPs     threads · 128 · rounds      Bytes  16 · threads

struct Params { threads: u32, rounds: u32, factor: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;  // [threads, 4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.threads) { return; }
  let factor = vec4f(params.factor);
  let seed = vec4f(f32(id.x), 1, 2, 3);
  var chains: array<vec4f, 16>;
  for (var k = 0u; k < 16; k++) { chains[k] = seed + f32(k); }
  for (var round = 0u; round < params.rounds; round++) {
    for (var k = 0u; k < 16; k++) { chains[k] = fma(chains[k], factor, seed); }
  }
  var total = vec4f(0);
  for (var k = 0u; k < 16; k++) { total += chains[k]; }
  y[id.x] = total;
}
