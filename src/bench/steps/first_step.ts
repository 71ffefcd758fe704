/** A process that takes one training step and ends; `start.ts` times it. */
import { openEngine } from "../../tensor/engine.ts";
import { type Architecture, architectures } from "../../nn/network.ts";
import { design, exampleDefence } from "../cases.ts";
import { repeatedStep } from "./step.ts";

export interface FirstStep {
  adapter?: string;
  arch: Architecture["arch"];
  size: number;
  width: number;
  batch: number;
}

const { adapter, batch, ...network }: FirstStep = JSON.parse(Deno.args[0]);
if (!architectures.includes(network.arch)) throw new Error(`no network is called ${network.arch}`);
const engine = await openEngine({ adapter });
const step = await repeatedStep(engine, design(network), batch, exampleDefence("none"));
await step.run(1);
engine.gpu.close();
