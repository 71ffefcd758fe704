/** What members cost: an iteration of the gradient ensemble attack with five networks beside one with one. */
import { ensembleDirection } from "../../attack/direction.ts";
import { type Architecture, Network } from "../../nn/network.ts";
import { signStep } from "../../ops/sign_step.ts";
import { type Engine, Graph } from "../../tensor/graph.ts";
import { compile, type Plan } from "../../tensor/plan.ts";
import { type Clockwork, type Ratio, takeTurns } from "./turns.ts";

export interface EnsembleCost {
  members: number;
  /** Its time over that of one network. */
  cost: Ratio;
  /** Bytes of its plan's buffers over the most that are alive at once. */
  memory: number;
}

const members = 5;

export async function measureEnsemble(
  engine: Engine,
  architecture: Architecture,
  batch: number,
  { rounds, reading }: Clockwork,
  onRound: (done: number) => void,
): Promise<EnsembleCost> {
  const networks = Array.from({ length: members }, (_, k) => {
    const network = new Network(engine, architecture);
    network.parameters.initialise(k);
    return network;
  });
  const plans = [await iteration(networks.slice(0, 1), batch), await iteration(networks, batch)];
  try {
    const timed = (plan: Plan, count: number) => async () => {
      await engine.gpu.sync();
      const begun = performance.now();
      for (let i = 0; i < count; i++) plan.run();
      await engine.gpu.sync();
      return (performance.now() - begun) / count;
    };
    for (const plan of plans) await timed(plan, 1)();
    const iterations = Math.ceil(reading / await timed(plans[1], 1)());
    const [cost] = await takeTurns(
      [timed(plans[0], members * iterations), timed(plans[1], iterations)],
      rounds,
      onRound,
    );
    const { allocated, lowerBound } = plans[1].memory;
    return { members, cost, memory: allocated / lowerBound };
  } finally {
    for (const owner of [...plans, ...networks]) owner.free();
  }
}

/** x ← Π(x + λ · sign Σₖ ∇Lₖ / ‖∇Lₖ‖₂) (Seiler et al., eq. 3). */
function iteration(networks: readonly Network[], batch: number): Promise<Plan> {
  const [{ engine, architecture: { size } }] = networks;
  const graph = new Graph(engine);
  const x = graph.input("x", [batch, size, size, 4]);
  const labels = graph.input("labels", [batch], "u32");
  const models = networks.map((network) => network.on(graph, "inference").model);
  return compile(graph, [signStep(x, ensembleDirection(models, x, labels), x, { step: 1, epsilon: 8 })]);
}
