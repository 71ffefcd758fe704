/**
 * Questions to another program and its answers, over its stdin and stdout. A message, either way, is the length of a
 * JSON header (u32), the header, and the f32 arrays whose lengths the header states, all little-endian. An answer whose
 * header has an `error` is one.
 */
import { UserError } from "../../errors.ts";

export interface Answer<Header> {
  header: Header;
  arrays: Float32Array[];
}

export class Conversation {
  readonly #program: string;
  readonly #questions: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: ReadableStreamBYOBReader;

  private constructor(program: string, { stdin, stdout }: Deno.ChildProcess) {
    this.#program = program;
    this.#questions = stdin.getWriter();
    this.#answers = stdout.getReader({ mode: "byob" });
  }

  /** Starts a program, whose first message says that it is ready. It is to end when its stdin does, at the latest with us. */
  static async start<Header>(
    program: string,
    args: readonly string[],
  ): Promise<Answer<Header> & { conversation: Conversation }> {
    const command = new Deno.Command(program, { args: [...args], stdin: "piped", stdout: "piped" });
    let child: Deno.ChildProcess;
    try {
      child = command.spawn();
    } catch (error) {
      throw new UserError(`${program} cannot be started (${(error as Error).message}).`);
    }
    const conversation = new Conversation(program, child);
    return { conversation, ...await conversation.#answer<Header>() };
  }

  /** Sends a question and waits for its answer; one at a time. */
  async ask<Header>(question: object, arrays: readonly Float32Array[] = []): Promise<Answer<Header>> {
    const header = new TextEncoder().encode(
      JSON.stringify({ ...question, lengths: arrays.map(({ length }) => length) }),
    );
    const length = new Uint8Array(Uint32Array.of(header.length).buffer);
    const contents = arrays.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength));
    try {
      for (const part of [length, header, ...contents]) await this.#questions.write(part);
    } catch {
      throw this.#silence();
    }
    return await this.#answer();
  }

  /** Lets the program end. */
  async end(): Promise<void> {
    await this.#questions.close();
  }

  async #answer<Header>(): Promise<Answer<Header>> {
    const [length] = new Uint32Array(await this.#bytes(4));
    const header = JSON.parse(new TextDecoder().decode(await this.#bytes(length)));
    if (header.error !== undefined) throw new UserError(`${this.#program}: ${header.error}`);
    const arrays: Float32Array[] = [];
    for (const length of header.lengths) arrays.push(new Float32Array(await this.#bytes(4 * length)));
    return { header, arrays };
  }

  async #bytes(length: number): Promise<ArrayBuffer> {
    const { value } = await this.#answers.read(new Uint8Array(length), { min: length });
    if (value?.length !== length) throw this.#silence();
    return value.buffer;
  }

  #silence = () => new UserError(`${this.#program} ended without an answer.`);
}
