/**
 * The step before every task that computes: makes sure that there is an adapter, with a software one where there is
 * none. It prints nothing where nothing is to be done, and never on stdout: that belongs to the task that follows.
 */
import { UserError } from "../src/errors.ts";
import { provideAdapter } from "../src/gpu/setup/provide.ts";
import { say } from "./command.ts";

if (Deno.args.length > 0) {
  say("setup: provides a software adapter where no graphics adapter is found; it takes no flags.");
  Deno.exit(Deno.args.join() === "--help" ? 0 : 2);
}
try {
  await provideAdapter((line) => say(`setup: ${line}`));
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  say(`setup: ${error.message}`);
  Deno.exit(1);
}
