/** Training from the start, or from the last checkpoint, to the end. */
import type { Pack } from "../data/pack.ts";
import { UserError } from "../errors.ts";
import { DeviceImages } from "../nn/images.ts";
import { type Architecture, Network } from "../nn/network.ts";
import { exists, runFiles } from "../nn/run.ts";
import type { Engine } from "../tensor/graph.ts";
import { type EpochClock, type EpochLog, loadState, saveState } from "./checkpoint.ts";
import { drawStep, epochOrder } from "./draws.ts";
import { describe, openFolder, type Resume, saveClock, saveEpoch } from "./folder.ts";
import { measureNormaliser } from "./normaliser.ts";
import { alphaOf, objectiveOf } from "./objective.ts";
import { learningRateAt } from "./schedule.ts";
import { largestShift, type TrainSettings } from "./settings.ts";
import { OptimiserState, TrainStep } from "./step.ts";
import { compileValidation } from "./validate.ts";

export interface Progress {
  /** Counted from 1. */
  epoch: number;
  epochs: number;
  /** Steps done in all, and of how many. */
  step: number;
  steps: number;
  /** Mean of the objective over this epoch so far. */
  loss: number;
  imagesPerSecond: number;
}

export interface TrainResult {
  run: string;
  validationAccuracy: number;
  bestAccuracy: number;
  bestEpoch: number;
  log: EpochLog[];
}

export interface TrainOptions {
  /** The run folder. */
  out: string;
  /** Goes on from the folder's last checkpoint; `or restart`: where there is one with these settings. */
  resume?: Resume;
  onProgress?: (progress: Progress) => void;
  onEpoch?: (entry: EpochLog & EpochClock) => void;
}

/**
 * Steps submitted ahead of the device, so that it never waits for the host: two, or as many as keep it busy while nobody
 * asks Dawn for news, which happens once a millisecond.
 */
const inFlight = { least: 2, most: 16, milliseconds: 10 };
/** Milliseconds between two looks at the loss. */
const reportEvery = 1000;

/**
 * Trains one network on a pack; its run folder is brought up to date after every epoch.
 * @throws UserError where the pack is too small for one batch or the folder belongs to other settings.
 */
export async function train(
  engine: Engine,
  pack: Pack,
  settings: TrainSettings,
  { out, resume = false, onProgress, onEpoch }: TrainOptions,
): Promise<TrainResult> {
  const steps = Math.floor(pack.count("train") / settings.batch);
  if (steps === 0) {
    throw new UserError(
      `--batch ${settings.batch} exceeds the ${pack.count("train")} training images of ${pack.path}.`,
    );
  }
  if (pack.size < 32) throw new UserError(`${pack.path} holds images of ${pack.size} pixels; networks need 32.`);
  const architecture: Architecture = {
    arch: settings.arch,
    size: pack.size,
    width: settings.width,
    classes: pack.classes.map(({ id }) => id),
    normaliser: await measureNormaliser(pack),
  };
  await openFolder(out, resume, await describe(pack, settings, architecture));

  const network = new Network(engine, architecture);
  network.parameters.initialise(settings.seed);
  const state = new OptimiserState(network);
  const stateFile = `${out}/${runFiles.state}`;
  const log = resume && await exists(stateFile) ? await loadState(stateFile, network, state) : [];

  // Whatever became of them, weights and log are those of the checkpoint again.
  if (log.length > 0) await saveEpoch(out, network, log);

  const images = await DeviceImages.ofSplit(engine.gpu, pack, "train");
  const held = await DeviceImages.ofSplit(engine.gpu, pack, "validation");
  const labels = await pack.labels("train");
  const objective = objectiveOf(settings.defence, settings.seed);
  const step = await TrainStep.compile(network, images, settings.batch, objective, state, settings.precision);
  const validation = await compileValidation(network, held, await pack.labels("validation"));

  for (let epoch = log.length; epoch < settings.epochs; epoch++) {
    const trained = await runEpoch(step, labels, settings, { epoch, steps, size: pack.size }, onProgress);
    const { loss, learningRate, ...clock } = trained;
    const entry: EpochLog = { epoch: epoch + 1, loss, learningRate, ...await validation.run() };
    log.push(entry);
    await saveEpoch(out, network, log);
    await saveClock(out, { epoch: epoch + 1, ...clock });
    await saveState(stateFile, network, state, log);
    onEpoch?.({ ...entry, ...clock });
  }
  for (const resource of [validation, step, state, network, images, held]) resource.free();
  const best = log.reduce((a, b) => b.validationAccuracy > a.validationAccuracy ? b : a);
  return {
    run: out,
    validationAccuracy: log[log.length - 1].validationAccuracy,
    bestAccuracy: best.validationAccuracy,
    bestEpoch: best.epoch,
    log,
  };
}

/** All whole batches of one epoch; the images left over wait for another epoch's order. */
async function runEpoch(
  step: TrainStep,
  labels: Int32Array,
  { seed, batch, epochs, learningRate, defence }: TrainSettings,
  { epoch, steps, size }: { epoch: number; steps: number; size: number },
  onProgress?: (progress: Progress) => void,
): Promise<Omit<EpochClock, "epoch"> & Pick<EpochLog, "loss" | "learningRate">> {
  const { gpu } = step.plan;
  const order = epochOrder(seed, epoch, labels.length);
  const shift = Math.round(size * largestShift);
  const rateAt = (done: number) => learningRateAt(learningRate, epoch * steps + done, epochs * steps);
  const pending: Promise<void>[] = [];
  const begun = performance.now();
  let reported = begun;
  step.resetLoss();
  for (let i = 0; i < steps; i++) {
    const indices = order.subarray(i * batch, (i + 1) * batch);
    step.run(drawStep(seed, epoch * steps + i, indices, shift, alphaOf(defence)), labels, rateAt(i));
    pending.push(gpu.sync());
    const done = i + 1 - pending.length;
    const enough = Math.ceil(inFlight.milliseconds * done / (performance.now() - begun));
    while (pending.length >= Math.min(Math.max(enough, inFlight.least), inFlight.most)) await pending.shift();
    if (onProgress && performance.now() - reported > reportEvery) {
      const loss = await step.meanLoss(i + 1);
      reported = performance.now();
      onProgress({
        epoch: epoch + 1,
        epochs,
        step: epoch * steps + i + 1,
        steps: epochs * steps,
        loss,
        imagesPerSecond: (i + 1) * batch / (reported - begun) * 1000,
      });
    }
  }
  await Promise.all(pending);
  const loss = await step.meanLoss(steps);
  const seconds = (performance.now() - begun) / 1000;
  return { loss, learningRate: rateAt(0), seconds, imagesPerSecond: steps * batch / seconds };
}
