/** A training step over random images that can be run again and again. */
import type { Architecture, Precision } from "../../nn/network.ts";
import type { Engine } from "../../tensor/graph.ts";
import type { Plan } from "../../tensor/plan.ts";
import { drawStep } from "../../train/draws.ts";
import { alphaOf } from "../../train/objective.ts";
import { type DefenceSettings, largestShift } from "../../train/settings.ts";
import { randomStep } from "../cases.ts";

export interface RepeatedStep {
  plan: Plan;
  /** Draws and submits `count` steps and waits for them; milliseconds, and those of them the host was at work. */
  run(count: number): Promise<{ whole: number; host: number }>;
  /** The gradients of the last step's weights, a summand after the other. */
  readGradients(): Promise<Float32Array>;
  free(): void;
}

const learningRate = 0.01;

export async function repeatedStep(
  engine: Engine,
  architecture: Architecture,
  batch: number,
  defence: DefenceSettings,
  precision?: Precision,
): Promise<RepeatedStep> {
  const { step, free } = await randomStep(engine, architecture, batch, defence, precision);
  const indices = Uint32Array.from({ length: batch }, (_, i) => i);
  const labels = indices.map((i) => i % architecture.classes.length);
  const shift = Math.round(architecture.size * largestShift);
  let index = 0;
  const run = async (count: number) => {
    await engine.gpu.sync();
    const begun = performance.now();
    for (let i = 0; i < count; i++) {
      step.run(drawStep(1, index++, indices, shift, alphaOf(defence)), labels, learningRate);
    }
    const host = performance.now() - begun;
    await engine.gpu.sync();
    return { whole: performance.now() - begun, host };
  };
  const readGradients = async () =>
    new Float32Array(await engine.gpu.read(step.gradients)).map((value) => value / step.gradientScale);
  return { plan: step.plan, run, readGradients, free };
}

/** ‖found − usual‖₂ / ‖usual‖₂. */
export function differenceOf(found: Float32Array, usual: Float32Array): number {
  let [difference, norm] = [0, 0];
  usual.forEach((value, i) => {
    difference += (found[i] - value) ** 2;
    norm += value ** 2;
  });
  return Math.sqrt(difference / norm);
}
