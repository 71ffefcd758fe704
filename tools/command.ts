/**
 * The one way a tool meets its command line: flags by commander, refusals in one sentence with exit code 2, failures
 * in one sentence with exit code 1, and with `--json` exactly one JSON document on stdout (all else is stderr's).
 */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { UserError } from "../src/errors.ts";
import { precisions } from "../src/nn/network.ts";

/** Where a person's messages go, so that stdout stays free for the result. */
export const say = (line: string): void => console.error(line);

/** Flag parsers: each takes the text and returns the value or throws the sentence commander prints. */
const refuse = (sentence: string): never => {
  throw new InvalidArgumentError(sentence);
};

export function number({ min = -Infinity, max = Infinity, above = -Infinity } = {}): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value)) refuse("It must be a number.");
    if (value < min || value > max) refuse(`It must lie between ${min} and ${max}.`);
    if (value <= above) refuse(`It must be greater than ${above}.`);
    return value;
  };
}

export function integer({ min = 0, max = 2 ** 31 - 1 } = {}): (text: string) => number {
  return (text) => /^-?\d+$/.test(text) ? number({ min, max })(text) : refuse("It must be a whole number.");
}

/** A comma-separated list of one or more non-empty words. */
export function list(text: string): string[] {
  const words = text.split(",").map((word) => word.trim());
  return words.every(Boolean) ? words : refuse("It must be a comma-separated list without empty entries.");
}

/** A flag with a fixed set of values. */
export function choice(flag: string, description: string, values: string[], fallback?: string): Option {
  const option = new Option(flag, description).choices(values);
  return fallback === undefined ? option : option.default(fallback);
}

/** A new command with the conventions all tools share; add the tool's own options to it. */
export function command(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option("--json", "print one JSON document with the result on stdout")
    .helpOption("--help", "show this help")
    .allowExcessArguments(false)
    // A sentence and its suggestion ("Did you mean …?") on one line.
    .configureOutput({ outputError: (text, write) => write(`${text.trim().replaceAll("\n", " ")}\n`) })
    .exitOverride();
}

/** Parses `args`, runs the tool, prints its result and exits with 0, 1 or 2. */
export async function run<Flags extends { json?: boolean }, Result>(
  tool: Command,
  action: (flags: Flags) => Promise<Result>,
  summarise: (result: Result) => string,
  args = Deno.args,
): Promise<never> {
  let flags: Flags;
  try {
    flags = tool.parse(args, { from: "user" }).opts<Flags>();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    Deno.exit(error.exitCode === 0 ? 0 : 2);
  }
  try {
    const result = await action(flags);
    console.log(flags.json ? JSON.stringify(result, null, 2) : summarise(result));
    // An action whose result is a failing verdict has set the exit code to 1.
    Deno.exit();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    say(`${tool.name()}: ${error.message}`);
    Deno.exit(1);
  }
}

/** `--adapter`, the same for every tool that computes. */
export function adapterOption(): Option {
  return new Option("--adapter <name>", "use the graphics adapter whose name contains this");
}

/** `--precision`, for tools that train. */
export function precisionOption(): Option {
  return choice("--precision <type>", "type of activations in memory; all is computed in f32", [...precisions], "f32");
}

/** `--no-tune`, likewise. */
export function tuneOption(): Option {
  return new Option("--no-tune", "use the repository's tile sizes, not those the tuner has found for this adapter");
}
