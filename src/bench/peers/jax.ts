/** jax-js 0.1.25, every computation under `jit`. */
import { fetchPackage, type Pass, type Peer, type StepTask, transpose, type Work } from "./peer.ts";
import { UserError } from "../../errors.ts";

/** The little of jax-js we use. Every use of an array consumes it; `ref` is another reference to it. */
interface Values {
  readonly ref: Values;
  readonly shape: number[];
  data(): Promise<Float32Array>;
  dispose(): void;
  add(other: Values | number): Values;
  sub(other: Values | number): Values;
  mul(other: Values | number): Values;
  div(other: Values | number): Values;
  reshape(shape: number[]): Values;
}
type Tree = Values | Values[] | Tree[];
interface Jax {
  init(...backends: string[]): Promise<string[]>;
  defaultDevice(name: string): string;
  jit<A extends Tree[], R extends Tree>(f: (...xs: A) => R): (...xs: A) => R;
  vjp(f: (...xs: Values[]) => Values, at: Values[]): [Values, (dy: Values) => Values[]];
  valueAndGrad(
    f: (weights: Values[], x: Values, y: Values) => Values,
  ): (...xs: [Values[], Values, Values]) => [Values, Values[]];
  blockUntilReady(values: Values[]): Promise<Values[]>;
  lax: { conv(x: Values, w: Values, strides: number[], padding: "SAME"): Values };
  nn: { relu(x: Values): Values; logSoftmax(x: Values, axis: number): Values };
  numpy: {
    array(data: Float32Array, options: { shape: readonly number[] }): Values;
    mean(x: Values, axis: number | number[], options?: { keepdims: boolean }): Values;
    max(x: Values, axis: number | number[]): Values;
    sum(x: Values): Values;
    sqrt(x: Values): Values;
    square(x: Values): Values;
    matmul(a: Values, b: Values): Values;
    transpose(x: Values): Values;
  };
}

/** Ours is NHWC and OHWI, theirs NCHW and OIHW: the same exchange of axes. */
const toChannelsFirst = (data: Float32Array, [a, h, w, c]: readonly number[]) =>
  transpose(data, [a, h, w, c], [0, 3, 1, 2]);
const fromChannelsFirst = (data: Float32Array, [a, h, w, c]: readonly number[]) =>
  transpose(data, [a, c, h, w], [0, 2, 3, 1]);

export async function jax(): Promise<Peer> {
  const jax = await fetchPackage<Jax>("npm:@jax-js/jax@0.1.25");
  if (!(await jax.init("webgpu")).includes("webgpu")) throw new UserError("--against jax: it finds no WebGPU adapter.");
  jax.defaultDevice("webgpu");
  const np = jax.numpy;
  const first = (data: Float32Array, [a, h, w, c]: readonly number[]) =>
    np.array(toChannelsFirst(data, [a, h, w, c]), { shape: [a, c, h, w] });

  function work(compute: () => Values[], held: Values[], convert = (data: Float32Array) => data): Work {
    let runs: Values[][] = [];
    const clear = (values: Values[]) => values.forEach((value) => value.dispose());
    return {
      start: () => {
        runs.push(compute());
      },
      done: async () => {
        await jax.blockUntilReady(runs.flat().map((value) => value.ref));
        runs.splice(0, runs.length - 1).forEach(clear);
      },
      read: async () => (await Promise.all(runs.flat().map((value) => value.ref.data()))).map(convert),
      free: () => {
        clear([...runs.flat(), ...held]);
        runs = [];
      },
    };
  }

  const conv = (x: Values, w: Values) => jax.lax.conv(x, w, [1, 1], "SAME");
  /** The gradient alone: what it does not need of the forward pass, `jit` leaves out. */
  const pullBack = (f: (x: Values) => Values, at: Values, dy: Values): Values => {
    const [y, back] = jax.vjp(f, [at]);
    y.dispose();
    return back(dy)[0];
  };
  const passes: Record<Pass, (x: Values, w: Values, dy: Values) => Values> = {
    forward: jax.jit((x: Values, w: Values, dy: Values) => {
      dy.dispose();
      return conv(x, w);
    }),
    inputGradient: jax.jit((x: Values, w: Values, dy: Values) => pullBack((x) => conv(x, w), x, dy)),
    weightGradient: jax.jit((x: Values, w: Values, dy: Values) => pullBack((w) => conv(x, w), w, dy)),
  };

  return {
    name: "jax",
    convolution: (pass, { x: shape, outChannels }, feeds) => {
      const [batch, height, width, inChannels] = shape;
      const shapes = {
        forward: [batch, height, width, outChannels],
        inputGradient: shape,
        weightGradient: [outChannels, 3, 3, inChannels],
      };
      const [x, w, dy] = [first(feeds.x, shape), first(feeds.w, shapes.weightGradient), first(feeds.y, shapes.forward)];
      const convert = (data: Float32Array) => fromChannelsFirst(data, shapes[pass]);
      return work(() => [passes[pass](x.ref, w.ref, dy.ref)], [x, w, dy], convert);
    },
    batchNorm: ([pixels, channels], feeds) => {
      const shape = [pixels, channels];
      const [x, dy] = [feeds.x, feeds.dy].map((data) => np.array(data, { shape }));
      const [gamma, beta] = [feeds.gamma, feeds.beta].map((data) => np.array(data, { shape: [1, channels] }));
      const differentiate = jax.jit((x: Values, gamma: Values, beta: Values, dy: Values) => {
        const [y, back] = jax.vjp((x, gamma, beta) => normalise(jax, x, gamma, beta, [0]), [x, gamma, beta]);
        y.dispose();
        return back(dy);
      });
      return work(() => differentiate(x.ref, gamma.ref, beta.ref, dy.ref), [x, dy, gamma, beta]);
    },
    step: (task) => trainingStep(jax, task, first, work),
  };
}

function normalise({ numpy: np }: Jax, x: Values, gamma: Values, beta: Values, axes: number[]): Values {
  const centred = x.ref.sub(np.mean(x, axes, { keepdims: true }));
  const variance = np.mean(np.square(centred.ref), axes, { keepdims: true });
  return centred.div(np.sqrt(variance.add(1e-5))).mul(gamma).add(beta);
}

function trainingStep(
  jax: Jax,
  { size, batch, classes, rate, weights, images, labels }: StepTask,
  first: (data: Float32Array, shape: readonly number[]) => Values,
  work: (compute: () => Values[], held: Values[]) => Work,
): Work {
  const np = jax.numpy;
  const x = first(images, [batch, size, size, 3]);
  const hot = Float32Array.from(
    { length: batch * classes },
    (_, i) => Number(labels[Math.floor(i / classes)] === i % classes),
  );
  const y = np.array(hot, { shape: [batch, classes] });
  const start = [...weights].map(([name, { shape, data }]) =>
    shape.length === 4
      ? first(data, shape)
      : np.array(data, { shape: name.startsWith("features") ? [1, shape[0], 1, 1] : shape })
  );
  const convolutions = [...weights].filter(([, { shape }]) => shape.length === 4).length;
  const loss = (weights: Values[], x: Values, y: Values): Values => {
    let value = x;
    for (let i = 0; i < convolutions; i++) {
      const [w, gamma, beta] = weights.slice(3 * i, 3 * i + 3);
      value = jax.nn.relu(normalise(jax, jax.lax.conv(value, w, [1, 1], "SAME"), gamma, beta, [0, 2, 3]));
      const [n, c, h, width] = value.shape;
      if (i % 2 === 1) value = np.max(value.reshape([n, c, h / 2, 2, width / 2, 2]), [3, 5]);
    }
    const [w, b] = weights.slice(3 * convolutions);
    const logits = np.matmul(np.mean(value, [2, 3]), np.transpose(w)).add(b);
    return np.sum(jax.nn.logSoftmax(logits, -1).mul(y)).mul(-1 / batch);
  };
  const update = jax.jit((weights: Values[], velocities: Values[], x: Values, y: Values) => {
    const [value, gradients] = jax.valueAndGrad(loss)(weights.map((w) => w.ref), x, y);
    const moved = velocities.map((v, i) => v.mul(0.9).add(gradients[i]));
    const stepped = weights.map((w, i) => w.sub(moved[i].ref.mul(rate)));
    return [[value], stepped, moved];
  });
  let state = start;
  let velocities = start.map(({ shape }) => np.array(new Float32Array(shape.reduce((a, b) => a * b)), { shape }));
  const run = () => {
    const [[value], stepped, moved] = update(state, velocities, x.ref, y.ref) as Values[][];
    [state, velocities] = [stepped, moved];
    return [value];
  };
  return work(run, [x, y]);
}
