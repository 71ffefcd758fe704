/**
 * The main job in small: draw a data set, train the networks the paper's protocol needs, attack them with ensembles of
 * one, three and five, and measure how resilient the others are (Seiler et al., section V-C).
 */
import { assess, type Assessment } from "../assess/assess.ts";
import { openSet } from "../attack/adversarial_set.ts";
import { attack } from "../attack/attack.ts";
import { automaticSteps } from "../attack/craft.ts";
import { readText, writeFileAtomic } from "../data/files.ts";
import { openPack, type Pack } from "../data/pack.ts";
import { prepare } from "../data/prepare.ts";
import { UserError } from "../errors.ts";
import { exists } from "../nn/run.ts";
import type { Engine } from "../tensor/graph.ts";
import type { DefenceSettings, TrainSettings } from "../train/settings.ts";
import { train, type TrainOptions, type TrainResult } from "../train/train.ts";

/** What the demo does, as kept in `demo.json`. */
export interface DemoSettings {
  size: number;
  perClass: number;
  epochs: number;
  batch: number;
  learningRate: number;
  width: number;
  epsilon: number;
  seed: number;
}

export const demoSettings: DemoSettings = {
  size: 32,
  perClass: 250,
  epochs: 8,
  batch: 32,
  learningRate: 0.02,
  width: 0.125,
  epsilon: 16,
  seed: 1,
};

export const quickSettings: DemoSettings = { ...demoSettings, perClass: 100, epochs: 4 };

/** Sizes of the ensembles of unprotected networks; the sixth such network is only ever a victim. */
const ensembles = [1, 3, 5];

/** A network of the demo, in a folder of its own name. */
export interface DemoNetwork {
  name: string;
  group: string;
  seed: number;
  defence: DefenceSettings;
}

/** Six unprotected networks and one for each of the paper's three mixup methods. */
export function demoNetworks(seed: number): DemoNetwork[] {
  const strength = { lambda: 10, klGradient: "both" } as const;
  return [
    ...[1, 2, 3, 4, 5, 6].map((n): DemoNetwork => (
      { name: `base-${n}`, group: "Base model", seed: seed + n - 1, defence: { name: "none" } }
    )),
    {
      name: "mixup",
      group: "Mixup (method 1)",
      seed: seed + 6,
      defence: { name: "mixup", alpha: { fixed: 0.4 } },
    },
    {
      name: "mixup-kl-fixed",
      group: "Mixup-KL, fixed α (method 2)",
      seed: seed + 7,
      defence: { name: "mixup-kl", alpha: { fixed: 0.4 }, ...strength },
    },
    {
      name: "mixup-kl-beta",
      group: "Mixup-KL, α ~ B(2, 4) (method 3)",
      seed: seed + 8,
      defence: { name: "mixup-kl", alpha: { beta: [2, 4] }, ...strength },
    },
  ];
}

/** All that the demo made, for the report. */
export interface DemoResult {
  out: string;
  settings: DemoSettings;
  pack: Pack;
  networks: (DemoNetwork & { path: string; result: TrainResult })[];
  sets: string[];
  assessment: Assessment;
  timings: [step: string, seconds: number][];
}

export interface DemoOptions {
  /** The folder; an unfinished demo with the same settings is gone on with. */
  out: string;
  settings: DemoSettings;
  onStep: (step: string) => void;
  /** How each network's training is shown. */
  watch: (name: string) => Pick<TrainOptions, "onProgress" | "onEpoch">;
}

/** Runs the demo; what is already there from an earlier, interrupted run is kept. */
export async function runDemo(engine: Engine, { out, settings, onStep, watch }: DemoOptions): Promise<DemoResult> {
  await claimFolder(out, settings);
  const timings: DemoResult["timings"] = [];
  const timed = async <T>(step: string, work: () => Promise<T>): Promise<T> => {
    onStep(step);
    const begun = performance.now();
    const result = await work();
    timings.push([step, (performance.now() - begun) / 1000]);
    return result;
  };

  const packPath = `${out}/pack`;
  const pack = await timed("drawing and cutting the data set", async () => {
    const { size, perClass, seed } = settings;
    if (!await exists(packPath)) {
      await prepare({ layout: "drawn", out: packPath, size, perClass, validation: 0.2, seed, minSide: 8 });
    }
    return await openPack(packPath);
  });

  const networks: DemoResult["networks"] = [];
  for (const network of demoNetworks(settings.seed)) {
    const path = `${out}/${network.name}`;
    const result = await timed(
      `training ${network.name}`,
      async () =>
        await train(engine, pack, trainSettings(settings, network), {
          out: path,
          resume: await exists(`${path}/run.json`),
          ...watch(network.name),
        }),
    );
    networks.push({ ...network, path, result });
  }

  const bases = networks.filter(({ defence }) => defence.name === "none");
  const sets: string[] = [];
  for (const members of ensembles) {
    const path = `${out}/set-${members}`;
    sets.push(path);
    await timed(`attacking with ${members} network${members === 1 ? "" : "s"}`, async () => {
      if (await exists(path)) return await openSet(path);
      const { epsilon } = settings;
      return await attack(engine, pack, bases.slice(0, members).map(({ path }) => path), {
        out: path,
        epsilon,
        step: 1,
        steps: automaticSteps(epsilon),
        filter: "correct-then-wrong",
      });
    });
  }

  const victims = networks.filter((network) => !bases.slice(0, Math.max(...ensembles)).includes(network));
  const assessment = await timed("assessing", () => assess(engine, sets, victims.map(({ path }) => path)));
  await writeFileAtomic(`${out}/assessment.json`, JSON.stringify(assessment, null, 2) + "\n");
  return { out, settings, pack, networks, sets, assessment, timings };
}

function trainSettings(
  { width, epochs, batch, learningRate }: DemoSettings,
  { defence, seed }: DemoNetwork,
): TrainSettings {
  return { arch: "vgg13", width, defence, epochs, batch, learningRate, seed };
}

/** A folder belongs to one demo: the same settings go on with it, others are refused. */
async function claimFolder(out: string, settings: DemoSettings): Promise<void> {
  const file = `${out}/demo.json`;
  const content = JSON.stringify(settings, null, 2) + "\n";
  if (await exists(file)) {
    if (await readText(file) === content) return;
    throw new UserError(`--out ${out} holds a demo with other settings; remove it or choose another folder.`);
  }
  if (await exists(out)) throw new UserError(`--out ${out} exists and is no demo; choose another folder.`);
  await Deno.mkdir(out, { recursive: true });
  await writeFileAtomic(file, content);
}
