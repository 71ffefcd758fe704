/**
 * An error whose message is meant for the person at the keyboard: one clear sentence naming the file, flag or kernel
 * at fault. Tools print it without a stack and exit with code 1 (2 for a flag, which `tools/command.ts` handles).
 */
export class UserError extends Error {
  override name = "UserError";
}
