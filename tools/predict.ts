/** Writes a network's logits and input gradients on a pack, for comparison with other frameworks. */
import { openTuned } from "../src/bench/tiles.ts";
import { openPack, type Split, SPLITS } from "../src/data/pack.ts";
import { exportPredictions, type PredictResult } from "../src/nn/export_predictions.ts";
import { adapterOption, choice, command, run, tuneOption } from "./command.ts";

interface Flags {
  json?: boolean;
  adapter?: string;
  tune: boolean;
  data: string;
  model: string;
  out: string;
  split: Split;
  gradients?: boolean;
}

const tool = command("predict", "Writes images, labels, logits and input gradients of a network as safetensors.")
  .requiredOption("--data <pack>", "pack to predict on")
  .requiredOption("--model <run>", "trained network")
  .requiredOption("--out <file>", "safetensors file to write")
  .addOption(choice("--split <name>", "which images", [...SPLITS], "validation"))
  .option("--gradients", "also write the gradient of each image's cross-entropy with respect to it")
  .addOption(adapterOption())
  .addOption(tuneOption());

await run<Flags, PredictResult>(
  tool,
  async ({ adapter, tune, data, model, out, split, gradients = false }) => {
    const pack = await openPack(data);
    const engine = await openTuned({ adapter, tune });
    const result = await exportPredictions(engine, pack, model, { out, split, gradients });
    engine.gpu.close();
    return result;
  },
  ({ out, split, images, correct, accuracy }) =>
    `${out}: ${images} ${split} images, ${correct} classified correctly (${(accuracy * 100).toFixed(1)} %)`,
);
