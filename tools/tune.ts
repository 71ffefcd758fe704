/** Finds the tile sizes that are fastest on this adapter. */
import { Option } from "commander";
import { design, networkCases } from "../src/bench/cases.ts";
import { cachePath, openTuned } from "../src/bench/tiles.ts";
import type { Tuning } from "../src/bench/tune.ts";
import { type Architecture, architectures, type Precision } from "../src/nn/network.ts";
import { adapterOption, choice, command, integer, number, precisionOption, run, say } from "./command.ts";

interface Flags {
  json?: boolean;
  adapter?: string;
  arch: Architecture["arch"];
  width: number;
  size: number;
  batch: number;
  precision: Precision;
}

interface Result {
  adapter: string;
  /** Where the choices are kept. */
  cache: string;
  tunings: Tuning[];
}

const tool = command(
  "tune",
  "Finds the tile sizes that are fastest on this adapter, for a network's training and attacks.",
)
  .addOption(choice("--arch <name>", "network whose shapes to tune", [...architectures], "vgg13"))
  .addOption(
    new Option("--width <factor>", "multiplies its channels").argParser(number({ above: 0, max: 4 })).default(0.5),
  )
  .addOption(new Option("--size <pixels>", "side of its images").argParser(integer({ min: 32 })).default(32))
  .addOption(new Option("--batch <n>", "images a step").argParser(integer({ min: 2 })).default(16))
  .addOption(precisionOption())
  .addOption(adapterOption());

const line = ({ key, tile, tried, gain }: Tuning) =>
  `${gain === 1 ? "the table's" : `${gain.toFixed(2)}×`}, best of ${tried}  ${key}  ${JSON.stringify(tile)}`;

await run<Flags, Result>(
  tool,
  async ({ adapter, batch, precision, ...network }) => {
    const tunings: Tuning[] = [];
    const onTuning = (tuning: Tuning) => {
      tunings.push(tuning);
      say(line(tuning));
    };
    const engine = await openTuned({ adapter, tune: true, search: true, onTuning });
    // Measured anew, whatever has been found before.
    engine.tiles.clear();
    await networkCases(engine, design(network), batch, precision);
    const { gpu } = engine;
    gpu.close();
    return { adapter: gpu.name, cache: cachePath(gpu), tunings };
  },
  ({ cache, tunings }) => {
    const better = tunings.filter(({ gain }) => gain > 1);
    const mean = Math.exp(better.reduce((total, { gain }) => total + Math.log(gain), 0) / Math.max(better.length, 1));
    return `${tunings.length} convolutions tuned: ${better.length} have a better tile than the repository's` +
      `${better.length > 0 ? `, ${mean.toFixed(2)}× as fast on average` : ""}. ${cache} keeps them.`;
  },
);
