/** Times every kernel at the shapes of a network. */
import { InvalidArgumentError, Option } from "commander";
import { bench, type BenchResult } from "../src/bench/bench.ts";
import { convolutionCases, design, networkCases } from "../src/bench/cases.ts";
import { type Change, compareWith, readSaved } from "../src/bench/compare.ts";
import { writeReadme } from "../src/bench/readme.ts";
import { digits, lineOf, table } from "../src/bench/table.ts";
import { writeFileAtomic } from "../src/data/files.ts";
import { type Architecture, architectures } from "../src/nn/network.ts";
import { openEngine } from "../src/tensor/engine.ts";
import { adapterOption, choice, command, integer, number, run, say } from "./command.ts";

interface Flags {
  json?: boolean;
  adapter?: string;
  arch: Architecture["arch"];
  width: number;
  size: number;
  batch: number;
  shape?: Shape;
  kernels?: string;
  save?: string;
  compare?: string;
  writeReadme?: boolean;
}

/** A convolution as it is given: batch, height, width, channels in, channels out, and perhaps side and stride. */
interface Shape {
  x: number[];
  w: number[];
  stride: number;
}

function shape(text: string): Shape {
  const numbers = text.split(",").map(integer({ min: 1 }));
  if (numbers.length < 5 || numbers.length > 7) {
    throw new InvalidArgumentError("It must be batch,height,width,in,out[,side[,stride]].");
  }
  const [batch, height, width, inChannels, outChannels, side = 3, stride = 1] = numbers;
  if (inChannels % 4 > 0 || outChannels % 4 > 0 || side > 7 || side > height || side > width || stride > 2) {
    throw new InvalidArgumentError(
      "Channels must be multiples of 4, the side at most 7 and the image's, the stride 1 or 2.",
    );
  }
  return { x: [batch, height, width, inChannels], w: [outChannels, side, side, inChannels], stride };
}

const tool = command("bench", "Times every kernel, each checked first, and this adapter's ceilings.")
  .addOption(choice("--arch <name>", "network whose shapes to use", [...architectures], "vgg13"))
  .addOption(
    new Option("--width <factor>", "multiplies its channels").argParser(number({ above: 0, max: 4 })).default(0.5),
  )
  .addOption(new Option("--size <pixels>", "side of its images").argParser(integer({ min: 32 })).default(32))
  .addOption(new Option("--batch <n>", "images a step").argParser(integer({ min: 2 })).default(16))
  .option(
    "--shape <n,h,w,i,o,side,stride>",
    "one convolution instead: batch,height,width,in,out[,side[,stride]]",
    shape,
  )
  .option("--kernels <word>", "only kernels whose name contains this")
  .option("--save <file>", "write the result as JSON")
  .option("--compare <file>", "compare with a saved result; exits with 1 where a kernel has become slower")
  .option("--write-readme", "write the table into kernels/README.md")
  .addOption(adapterOption());

await run<Flags, BenchResult & { changes?: Change[] }>(
  tool,
  async (flags) => {
    const before = flags.compare === undefined ? undefined : await readSaved(flags.compare);
    const engine = await openEngine({ adapter: flags.adapter });
    const { shape } = flags;
    const cases = shape
      ? await convolutionCases(engine, shape.x, shape.w, { stride: shape.stride })
      : await networkCases(engine, design(flags), flags.batch);
    const wanted = cases.filter(({ dispatch }) => dispatch.kernel.name.includes(flags.kernels ?? ""));
    const result = await bench(engine, wanted, (row, done, total) => say(`${done}/${total}  ${lineOf(row)}`));
    engine.gpu.close();
    if (flags.save !== undefined) await writeFileAtomic(flags.save, JSON.stringify(result, null, 2) + "\n");
    if (flags.writeReadme) await writeReadme(result, Deno.args);
    const changes = before && compareWith(result, before);
    if (changes?.some(({ regression }) => regression)) Deno.exitCode = 1;
    return { ...result, changes };
  },
  ({ changes, ...result }) =>
    [
      table(result),
      ...changes?.map(({ kernel, shapes, ratio, regression }) =>
        `${digits(ratio)}× ${regression ? "SLOWER" : ""}  ${kernel}  ${shapes}`
      ) ?? [],
    ].join("\n"),
);
