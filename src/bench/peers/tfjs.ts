/** TensorFlow.js 4.22 on its WebGPU backend. */
import { fetchPackage, type Pass, type Peer, type StepTask, transpose, type Work } from "./peer.ts";

/** The little of TensorFlow.js we use. */
interface Tensor {
  data(): Promise<Float32Array>;
  dispose(): void;
  add(other: Tensor): Tensor;
}
interface Variable extends Tensor {
  readonly name: string;
}
type Padding = "same";
interface Tf {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  backend(): {
    queue: GPUQueue;
    /** Null where nothing is waiting to be submitted. */
    commandEncoder: GPUCommandEncoder | null;
    endComputePassEncoder(): void;
    submitQueue(): void;
  };
  tensor(data: Float32Array, shape: readonly number[]): Tensor;
  variable(start: Tensor, trainable: boolean, name: string): Variable;
  engine(): { runKernel(name: string, inputs: Record<string, Tensor>, attributes: Record<string, unknown>): Tensor };
  conv2d(x: Tensor, w: Tensor, strides: number, padding: Padding): Tensor;
  conv2dTranspose(
    dy: Tensor,
    w: Tensor,
    shape: readonly number[],
    strides: number,
    padding: Padding,
  ): Tensor;
  moments(x: Tensor, axes: number[]): { mean: Tensor; variance: Tensor };
  batchNorm(x: Tensor, mean: Tensor, variance: Tensor, offset: Tensor, scale: Tensor, epsilon: number): Tensor;
  grads(f: (...xs: Tensor[]) => Tensor): (xs: Tensor[], dy: Tensor) => Tensor[];
  relu(x: Tensor): Tensor;
  maxPool(x: Tensor, size: number, strides: number, padding: "valid"): Tensor;
  mean(x: Tensor, axes: number[]): Tensor;
  matMul(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor;
  losses: { softmaxCrossEntropy(labels: Tensor, logits: Tensor): Tensor };
  train: { momentum(rate: number, momentum: number): { minimize(f: () => Tensor, keep: boolean): Tensor } };
  tidy<T extends Tensor | Tensor[]>(body: () => T): T;
}

/** Our filters are OHWI, theirs HWIO. */
const toFilter = (w: Float32Array, o: number, i: number) => transpose(w, [o, 3, 3, i], [1, 2, 3, 0]);
const fromFilter = (w: Float32Array, o: number, i: number) => transpose(w, [3, 3, i, o], [3, 0, 1, 2]);

export async function tfjs(): Promise<Peer> {
  const tf = await fetchPackage<Tf>("npm:@tensorflow/tfjs@4.22.0");
  await fetchPackage("npm:@tensorflow/tfjs-backend-webgpu@4.22.0");
  await tf.setBackend("webgpu");
  await tf.ready();

  /** Runs that leave tensors behind; the last run's are kept to be read. */
  function work(compute: () => Tensor[], held: Tensor[], convert = (data: Float32Array) => data): Work {
    let results: Tensor[] = [];
    const clear = (tensors: Tensor[]) => tensors.forEach((tensor) => tensor.dispose());
    return {
      start: () => {
        clear(results);
        results = compute();
      },
      done: async () => {
        const backend = tf.backend();
        backend.endComputePassEncoder();
        if (backend.commandEncoder) backend.submitQueue();
        await backend.queue.onSubmittedWorkDone();
      },
      read: async () => (await Promise.all(results.map((result) => result.data()))).map(convert),
      free: () => clear([...results, ...held]),
    };
  }

  return {
    name: "tfjs",
    convolution: (pass, { x: shape, outChannels }, feeds) => {
      const [batch, height, width, inChannels] = shape;
      const filterShape = [3, 3, inChannels, outChannels];
      const x = tf.tensor(feeds.x, shape);
      const w = tf.tensor(toFilter(feeds.w, outChannels, inChannels), filterShape);
      const dy = tf.tensor(feeds.y, [batch, height, width, outChannels]);
      const attributes = { strides: 1, pad: "same", dataFormat: "NHWC", filterShape };
      const compute: Record<Pass, () => Tensor> = {
        forward: () => tf.conv2d(x, w, 1, "same"),
        inputGradient: () => tf.conv2dTranspose(dy, w, shape, 1, "same"),
        weightGradient: () => tf.engine().runKernel("Conv2DBackpropFilter", { x, dy }, attributes),
      };
      const convert = (data: Float32Array) =>
        pass === "weightGradient" ? fromFilter(data, outChannels, inChannels) : data;
      return work(() => [compute[pass]()], [x, w, dy], convert);
    },
    batchNorm: (shape, feeds) => {
      const [x, dy] = [tf.tensor(feeds.x, shape), tf.tensor(feeds.dy, shape)];
      const [gamma, beta] = [feeds.gamma, feeds.beta].map((data) => tf.tensor(data, [data.length]));
      const axes = shape.slice(0, -1).map((_, axis) => axis);
      const differentiate = tf.grads((x, gamma, beta) => normalise(tf, x, gamma, beta, axes));
      return work(() => tf.tidy(() => differentiate([x, gamma, beta], dy)), [x, dy, gamma, beta]);
    },
    step: (task) => {
      const { loss, rate, held } = network(tf, task);
      const optimiser = tf.train.momentum(rate, 0.9);
      return work(() => [optimiser.minimize(loss, true)], held);
    },
  };
}

function normalise(tf: Tf, x: Tensor, gamma: Tensor, beta: Tensor, axes: number[]): Tensor {
  const { mean, variance } = tf.moments(x, axes);
  return tf.batchNorm(x, mean, variance, beta, gamma, 1e-5);
}

let networks = 0;

function network(tf: Tf, { size, batch, classes, rate, weights, images, labels }: StepTask) {
  networks++;
  const variables = new Map<string, Variable>();
  for (const [name, { shape, data }] of weights) {
    const value = shape.length === 4
      ? tf.tensor(toFilter(data, shape[0], shape[3]), [3, 3, shape[3], shape[0]])
      : tf.tensor(data, shape);
    variables.set(name, tf.variable(value, true, `${name} ${networks}`));
  }
  const of = (name: string) => variables.get(name)!;
  const x = tf.tensor(images, [batch, size, size, 3]);
  const hot = Float32Array.from(
    { length: batch * classes },
    (_, i) => Number(labels[Math.floor(i / classes)] === i % classes),
  );
  const y = tf.tensor(hot, [batch, classes]);
  const convolutions = [...weights].filter(([, { shape }]) => shape.length === 4).map(([name]) =>
    Number(name.split(".")[1])
  );
  const loss = () => {
    let value = x;
    convolutions.forEach((index, i) => {
      value = tf.conv2d(value, of(`features.${index}.weight`), 1, "same");
      value = normalise(tf, value, of(`features.${index + 1}.weight`), of(`features.${index + 1}.bias`), [0, 1, 2]);
      value = tf.relu(value);
      if (i % 2 === 1) value = tf.maxPool(value, 2, 2, "valid");
    });
    const logits = tf.matMul(tf.mean(value, [1, 2]), of("classifier.weight"), false, true).add(of("classifier.bias"));
    return tf.losses.softmaxCrossEntropy(y, logits);
  };
  return { loss, rate, held: [x, y, ...variables.values()] };
}
