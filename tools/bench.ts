/** Times every kernel at the shapes of a network. */
import { InvalidArgumentError, Option } from "commander";
import { bench, type BenchResult } from "../src/bench/bench.ts";
import { convolutionCases, design, networkCases } from "../src/bench/cases.ts";
import { type Change, compareWith, readSaved } from "../src/bench/compare.ts";
import { type AgainstResult, benchAgainst, ceilingSummary, ratioLine } from "../src/bench/peers/against.ts";
import { jax } from "../src/bench/peers/jax.ts";
import type { Peer } from "../src/bench/peers/peer.ts";
import { tfjs } from "../src/bench/peers/tfjs.ts";
import { torch } from "../src/bench/peers/torch.ts";
import { writeReadme } from "../src/bench/readme.ts";
import { digits, lineOf, table } from "../src/bench/table.ts";
import { openTuned } from "../src/bench/tiles.ts";
import { writeFileAtomic } from "../src/data/files.ts";
import { offerDawn } from "../src/gpu/dawn.ts";
import { type Architecture, architectures, type Precision } from "../src/nn/network.ts";
import { type ConvolutionVersion, convolutionVersions } from "../src/ops/conv2d.ts";
import {
  adapterOption,
  choice,
  command,
  integer,
  list,
  number,
  precisionOption,
  run,
  say,
  tuneOption,
} from "./command.ts";

interface Flags {
  json?: boolean;
  adapter?: string;
  tune: boolean;
  arch: Architecture["arch"];
  width: number;
  size: number;
  batch: number;
  precision: Precision;
  shape?: Shape;
  conv?: ConvolutionVersion;
  kernels?: string;
  against?: PeerName[];
  save?: string;
  compare?: string;
  writeReadme?: boolean;
}

const peers = { tfjs, jax, torch };
type PeerName = keyof typeof peers;

function peerList(text: string): PeerName[] {
  const unknown = list(text).find((name) => !(name in peers));
  if (unknown) throw new InvalidArgumentError(`"${unknown}" is none of ${Object.keys(peers).join(", ")}.`);
  return list(text) as PeerName[];
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
  .addOption(choice("--conv <version>", "with --shape, a rung of kernels/conv2d's ladder", [...convolutionVersions]))
  .addOption(precisionOption())
  .option("--kernels <word>", "only kernels whose name contains this")
  .option("--against <peers>", `compare with other frameworks: ${Object.keys(peers)}`, peerList)
  .option("--save <file>", "write the result as JSON")
  .option("--compare <file>", "compare with a saved result; exits with 1 where a kernel has become slower")
  .option("--write-readme", "write the table into kernels/README.md")
  .addOption(adapterOption())
  .addOption(tuneOption());

tool.action(({ shape, conv, against, arch, precision }: Flags) => {
  if (conv && !shape) tool.error("error: --conv has no meaning without --shape", { exitCode: 2 });
  // The peers run VGGNet13 in f32.
  const beside = { shape: !!shape, arch: arch !== "vgg13", precision: precision !== "f32" };
  for (const [flag, given] of Object.entries(beside)) {
    if (against && given) tool.error(`error: --${flag} has no meaning with --against`, { exitCode: 2 });
  }
});

type Result = BenchResult & Partial<Pick<AgainstResult, "ratios">> & {
  summary: Record<string, AgainstResult["summary"][string] | ReturnType<typeof ceilingSummary>>;
  changes?: Change[];
};

/** The peers in JavaScript find our Dawn through a navigator of their own. */
async function open(names: readonly PeerName[]): Promise<Peer[]> {
  if (names.length > 0) offerDawn();
  const opened: Peer[] = [];
  for (const name of names) opened.push(...[await peers[name]()].flat());
  return opened;
}

await run<Flags, Result>(
  tool,
  async (flags) => {
    const before = flags.compare === undefined ? undefined : await readSaved(flags.compare);
    const engine = await openTuned(flags);
    // Before anything is timed, so that a peer that is missing is said at once.
    const others = await open(flags.against ?? []);
    const { shape, precision } = flags;
    const cases = shape
      ? await convolutionCases(engine, shape.x, shape.w, { stride: shape.stride, version: flags.conv, precision })
      : await networkCases(engine, design(flags), flags.batch, precision);
    const wanted = cases.filter(({ dispatch }) => dispatch.kernel.name.includes(flags.kernels ?? ""));
    const rows = await bench(engine, wanted, (row, done, total) => say(`${done}/${total}  ${lineOf(row)}`));
    const against = flags.against && await benchAgainst(engine, others, flags, (ratio) => say(ratioLine(ratio)));
    engine.gpu.close();
    const changes = before && compareWith(rows, before);
    if (changes?.some(({ regression }) => regression)) Deno.exitCode = 1;
    const summary = { ...against?.summary, ceiling: ceilingSummary(rows) };
    const result: Result = { ...rows, ratios: against?.ratios, summary, changes };
    if (flags.save !== undefined) await writeFileAtomic(flags.save, JSON.stringify(result, null, 2) + "\n");
    if (flags.writeReadme) await writeReadme(engine.gpu, rows, Deno.args);
    return result;
  },
  ({ changes, ratios, summary, ...result }) =>
    [
      table(result),
      ...ratios ? ["", ...ratios.map(ratioLine), "", JSON.stringify(summary, null, 2)] : [],
      ...changes?.map(({ kernel, shapes, ratio, regression }) =>
        `${digits(ratio)}× ${regression ? "SLOWER" : ""}  ${kernel}  ${shapes}`
      ) ?? [],
    ].join("\n"),
);
