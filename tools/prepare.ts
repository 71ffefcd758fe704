/** `deno task prepare`: makes a pack of crops from a folder of photographs, or from drawings. */
import type { PackInfo } from "../src/data/pack.ts";
import { DEFAULTS, LAYOUTS, objection, prepare, type PrepareOptions, type Progress } from "../src/data/prepare.ts";
import { choice, command, integer, number, run, say } from "./command.ts";

type Flags = Omit<PrepareOptions, "onProgress" | "workers"> & { json?: boolean };

const tool = command("prepare", "Cut the objects out of photographs, balance and split them, and write a pack.")
  .addOption(choice("--layout <layout>", "how the photographs lie in --from", [...LAYOUTS]).makeOptionMandatory())
  .option("--from <dir>", "folder with the photographs (not for drawn)")
  .option("--download", "first fetch Fashion-MNIST (idx) or CIFAR-10 (cifar10) into --from")
  .requiredOption("--out <pack>", "folder of the pack")
  .option("--size <pixels>", "side of the square crops", integer({ min: 1, max: 4096 }), 128)
  .option("--classes <n>", "keep only the n classes with the most crops", integer({ min: 2 }))
  .option(
    "--per-class <n>",
    "crops per class, both splits together (default: as many as the smallest class has)",
    integer({ min: 2 }),
  )
  .option(
    "--validation <share>",
    `share of the crops to validate with (default: ${DEFAULTS.validation}; idx and cifar10: their own test images)`,
    number({ min: 0.01, max: 0.99 }),
  )
  .option("--seed <n>", "seed of the split, and of the drawings", integer(), 1)
  .option(
    "--min-side <pixels>",
    `refuse boxes with a shorter side (default: ${DEFAULTS.minSide}; not for idx and cifar10)`,
    integer({ min: 1 }),
  );

tool.action((flags: Flags) => {
  const sentence = objection(flags);
  if (sentence) tool.error(`error: ${sentence}`, { exitCode: 2 });
});

let shown = 0;

/** A line at most every two seconds, and at the end of a stage. */
function report({ stage, done, total, unit }: Progress): void {
  if (done < total && performance.now() - shown < 2000) return;
  shown = performance.now();
  say(
    unit === "bytes"
      ? `${stage}: ${megabytes(done)} of ${megabytes(total)} MB`
      : `${stage}: ${done} of ${total} ${unit}`,
  );
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

function summarise({ classes, counts, refusals, size }: PackInfo): string {
  const { id } = classes[0];
  const lines = [
    `${classes.length} classes of ${counts.train[id]} crops to train and ${counts.validation[id]} to validate with, ` +
    `${size}×${size} pixels`,
    ...Object.entries(refusals.counts).map(([reason, count]) => `refused: ${count} × ${reason}`),
  ];
  const shownRefusals = refusals.list.slice(0, 10).map(({ file, reason, object, detail }) =>
    `  ${file}${object === undefined ? "" : `, object ${object}`}: ${reason}${detail ? ` (${detail})` : ""}`
  );
  if (refusals.list.length > 10) shownRefusals.push(`  … all ${refusals.list.length} are in pack.json`);
  return [...lines, ...shownRefusals].join("\n");
}

await run<Flags, PackInfo>(tool, ({ json: _, ...flags }) => prepare({ ...flags, onProgress: report }), summarise);
