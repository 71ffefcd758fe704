/** Progress on stderr: a bar on a terminal, a line an epoch elsewhere. */
import process from "node:process";
import { SingleBar } from "cli-progress";
import type { EpochClock, EpochLog } from "../src/train/checkpoint.ts";
import type { Progress, TrainOptions } from "../src/train/train.ts";
import { say } from "./command.ts";

const format = "{name} |{bar}| epoch {epoch}/{epochs}  loss {loss}  {rate} images/s  {eta_formatted} left{checked}";

/** The bar of one training run. */
export function trainingBar(name: string): Pick<TrainOptions, "onProgress" | "onEpoch"> {
  const line = ({ epoch, loss, validationAccuracy, imagesPerSecond }: EpochLog & EpochClock) =>
    `${name}: epoch ${epoch}  loss ${loss.toFixed(3)}  validation accuracy ${
      (validationAccuracy * 100).toFixed(1)
    } %  ` +
    `${imagesPerSecond.toFixed(0)} images/s`;
  if (!Deno.stderr.isTerminal()) return { onEpoch: (entry) => say(line(entry)) };

  const bar = new SingleBar({ format, stream: process.stderr, etaBuffer: 50 });
  let checked = "";
  let started = false;
  let last = 0;
  return {
    onProgress: ({ epoch, epochs, step, steps, loss, imagesPerSecond }: Progress) => {
      const payload = { name, epoch, epochs, loss: loss.toFixed(3), rate: imagesPerSecond.toFixed(0), checked };
      if (!started) bar.start(steps, step, payload);
      started = true;
      last = epochs;
      bar.update(step, payload);
    },
    onEpoch: ({ epoch, loss, validationAccuracy }) => {
      checked = `  validation ${(validationAccuracy * 100).toFixed(1)} %`;
      if (epoch < last) return;
      bar.update(bar.getTotal(), { epoch, loss: loss.toFixed(3), checked });
      bar.stop();
    },
  };
}

/** A bar that counts things; nothing where stderr is no terminal. */
export function countingBar(name: string, unit: string): (done: number, total: number) => void {
  if (!Deno.stderr.isTerminal()) return () => {};
  const bar = new SingleBar({ format: `{name} |{bar}| {value}/{total} ${unit}`, stream: process.stderr });
  let started = false;
  return (done, total) => {
    if (!started) bar.start(total, done, { name });
    started = true;
    bar.update(done);
    if (done === total) bar.stop();
  };
}
