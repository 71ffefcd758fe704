const immediate = globalThis.setImmediate; (globalThis as any).setImmediate = (f: any, ...a: any[]) => { (globalThis as any).ticks = ((globalThis as any).ticks ?? 0) + 1; return setTimeout(f, 1, ...a); };
import { openEngine } from "./src/tensor/engine.ts";
import { Graph } from "./src/tensor/graph.ts";
import { compile } from "./src/tensor/plan.ts";
import { conv2d } from "./src/ops/conv2d.ts";
const engine = await openEngine();
const g = new Graph(engine);
const x = g.input("x", [32, 8, 8, 64]), w = g.input("w", [64, 3, 3, 64]);
const y = conv2d(x, w);
const plan = await compile(g, [y]);
const end = performance.now() + 20000;
while (performance.now() < end) { plan.run(); await engine.gpu.sync(); }
console.log((globalThis as any).ticks); Deno.exit(0);
