/** Writes a network's logits and input gradients on a pack, for comparison with other frameworks. */
import { openPack, type Split, SPLITS } from "../src/data/pack.ts";
import { exportPredictions, type PredictResult } from "../src/nn/export_predictions.ts";
import { openEngine } from "../src/tensor/engine.ts";
import { adapterOption, choice, command, run } from "./command.ts";

interface Flags {
  json?: boolean;
  adapter?: string;
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
  .addOption(adapterOption());

await run<Flags, PredictResult>(
  tool,
  async ({ adapter, data, model, out, split, gradients = false }) => {
    const pack = await openPack(data);
    const engine = await openEngine({ adapter });
    const result = await exportPredictions(engine, pack, model, { out, split, gradients });
    engine.gpu.close();
    return result;
  },
  ({ out, split, images, correct, accuracy }) =>
    `${out}: ${images} ${split} images, ${correct} classified correctly (${(accuracy * 100).toFixed(1)} %)`,
);
