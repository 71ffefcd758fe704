/**
 * PyTorch, eager, in a Python process of its own (torch_side.py). It keeps its own time there, device work included, so that
 * what the pipe between the processes takes does not count.
 */
import { UserError } from "../../errors.ts";
import { Conversation } from "./conversation.ts";
import type { Peer, Work } from "./peer.ts";

const script = `${import.meta.dirname}/torch_side.py`;

/**
 * `torch`, and where it finds CUDA, `torch-tf32` too: there its convolutions and products round their factors to TF32.
 * SUPERPOSE_PYTHON names the Python to ask, where it is not `python3`.
 */
export async function torch(): Promise<Peer[]> {
  const python = Deno.env.get("SUPERPOSE_PYTHON") ?? "python3";
  const start = async (...args: string[]) => {
    try {
      return await Conversation.start<{ device: string }>(python, [script, ...args]);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new UserError(`--against torch: ${error.message} SUPERPOSE_PYTHON can name another Python.`);
    }
  };
  const { conversation, header: { device } } = await start();
  const peers = [peerOf("torch", conversation)];
  if (device === "cuda") peers.push(peerOf("torch-tf32", (await start("tf32")).conversation));
  return peers;
}

/** A peer whose works are made, timed and read by a program that answers as torch_side.py does. */
export function peerOf(name: string, conversation: Conversation): Peer {
  async function work(kind: string, task: object, arrays: readonly Float32Array[]): Promise<Work> {
    const { header: { work } } = await conversation.ask<{ work: number }>({ do: "make", kind, task }, arrays);
    let runs = 0;
    return {
      start: () => void runs++,
      done: async () => {
        const { header } = await conversation.ask<{ milliseconds: number }>({ do: "run", work, runs });
        runs = 0;
        return header.milliseconds;
      },
      read: async () => (await conversation.ask({ do: "read", work })).arrays,
      free: async () => void await conversation.ask({ do: "free", work }),
    };
  }
  return {
    name,
    convolution: (pass, { x, outChannels }, feeds) =>
      work("convolution", { pass, x, outChannels }, [feeds.x, feeds.w, feeds.y]),
    batchNorm: ([pixels, channels], { x, dy, gamma, beta }) =>
      work("batch_norm", { pixels, channels }, [x, dy, gamma, beta]),
    step: ({ size, batch, rate, weights, images, labels }) => {
      const shapes = [...weights.values()].map(({ shape }) => shape);
      const data = [...weights.values()].map(({ data }) => data);
      return work("step", { size, batch, rate, shapes, labels }, [images, ...data]);
    },
  };
}
