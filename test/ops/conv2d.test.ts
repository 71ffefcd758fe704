import * as assert from "uvu/assert";
import { convolutionCases } from "../../src/bench/cases.ts";
import { verify } from "../../src/bench/verify.ts";
import { assign } from "../../src/ops/assign.ts";
import { conv2d, type ConvolutionVersion, convolutionVersions, runsOn } from "../../src/ops/conv2d.ts";
import type { DType } from "../../src/gpu/dtype.ts";
import { Random } from "../../src/random.ts";
import { gradient } from "../../src/tensor/gradient.ts";
import { type Engine, Graph, type Node, type Tensor } from "../../src/tensor/graph.ts";
import { suite } from "../harness.ts";
import { type NdArray, randomNormal } from "../reference/array.ts";
import * as reference from "../reference/conv2d.ts";
import { relu as rectify, reluGradient } from "../reference/relu.ts";
import { close, cropChannels, engine, evaluate, half, normal, padChannels, place, refused, single } from "./engine.ts";

/** [batch, height, width, inChannels, outChannels, side, stride, padding] */
const shapes = [
  [1, 5, 7, 3, 5, 3, 1, 1],
  [2, 8, 8, 4, 8, 3, 1, 1],
  [3, 13, 11, 5, 1, 3, 2, 1],
  [2, 9, 8, 1, 16, 3, 1, 0],
  [1, 17, 5, 16, 20, 3, 1, 1],
  [5, 2, 2, 32, 36, 3, 1, 1],
  [7, 1, 3, 8, 32, 3, 1, 1],
  [2, 7, 7, 12, 8, 1, 1, 0],
  [2, 7, 6, 12, 8, 1, 2, 0],
  [1, 15, 14, 3, 8, 7, 2, 3],
  [2, 6, 7, 4, 4, 5, 1, 2],
  [9, 4, 4, 36, 64, 3, 1, 1],
  [2, 31, 33, 28, 12, 3, 2, 1],
  [1, 4, 3, 128, 124, 3, 1, 1],
  [2, 5, 4, 116, 117, 3, 2, 1],
];

/** Random operands of one problem, and the padded weights as the engine keeps them. */
function problem(
  [batch, height, width, inChannels, outChannels, side, stride, padding]: number[],
  rounded: (x: NdArray) => NdArray,
) {
  const name =
    `[${batch}, ${height}, ${width}, ${inChannels}] → ${outChannels}, ${side}×${side}/${stride}, padding ${padding}`;
  const random = new Random(1, name);
  const x = rounded(randomNormal([batch, height, width, inChannels], random));
  const w = rounded(randomNormal([outChannels, side, side, inChannels], random));
  const dy = rounded(randomNormal(reference.conv2dShape(x.shape, w.shape, stride, padding), random));
  const bias = single(randomNormal([outChannels], random));
  const filters = padChannels(w);
  const padded = Math.ceil(outChannels / 4) * 4;
  const weights = new Float64Array(filters.data.length / outChannels * padded);
  weights.set(filters.data);
  return { name, x, w, dy, bias, weights: { shape: [padded, side, side, filters.shape[3]], data: weights } };
}

/** Drops the filters and the channels that padding has added to weights. */
function cropWeights(w: NdArray, { shape: [outChannels, side, , inChannels] }: NdArray): NdArray {
  const data = w.data.slice(0, outChannels * side * side * w.shape[3]);
  return cropChannels({ shape: [outChannels, side, side, w.shape[3]], data }, inChannels);
}

const { gpu } = await engine();
const typeOf = (version: ConvolutionVersion) => version === "matrix" ? "f16" : "f32";
const versions = convolutionVersions.filter((version) => runsOn(gpu, version, typeOf(version)));

suite("conv2d", (test) => {
  for (const [index, shape] of shapes.entries()) {
    const [stride, padding] = shape.slice(6);
    // Sums over K so long that they are cut, where they are cut at all.
    const long = shape[3] > 100;
    for (const version of versions.filter((version) => !long || version === "workgroup" || version === "matrix")) {
      const dtype = typeOf(version);
      const { name, x, w, dy, bias, weights } = problem(shape, dtype === "f16" ? half : single);
      // Half of the distance between two f16.
      const rounding = dtype === "f16" ? 2 ** -11 : 1e-6;
      // Each epilogue is a pipeline of its own to compile: the one between the others only where shapes are small.
      for (const epilogue of index < 3 ? ["none", "bias", "bias and relu"] : ["none", "bias and relu"]) {
        test(`forward and gradients, ${name}, ${version}, epilogue: ${epilogue}`, async () => {
          const relu = epilogue === "bias and relu";
          const [y, dx, dw] = await evaluate(
            { x: { ...padChannels(x), dtype }, w: weights, dy: { ...padChannels(dy), dtype }, bias: padChannels(bias) },
            ({ x, w, dy, bias }) => {
              const options = { stride, padding, version };
              const y = conv2d(x, w, epilogue === "none" ? options : { ...options, epilogue: { bias, relu } });
              return [y, ...gradient(y, [x, w], dy)];
            },
          );
          const sums = reference.conv2d(x, w, stride, padding, epilogue === "none" ? undefined : bias);
          const upstream = relu ? reluGradient(dy, sums) : dy;
          const wantedDx = reference.conv2dInputGradient(upstream, w, x.shape, stride, padding);
          const wantedDw = reference.conv2dWeightGradient(x, upstream, w.shape, stride, padding);
          close("y", cropChannels(y, w.shape[0]), relu ? rectify(sums) : sums, rounding);
          close("dx", cropChannels(dx, x.shape[3]), wantedDx, rounding);
          close("dw", cropWeights(dw, w), wantedDw, 2e-6);
        });
      }
    }
  }

  for (
    const [x, w, stride, padding] of [[[2, 5, 7, 4], [8, 3, 3, 4], 1, 1], [[1, 9, 8, 4], [4, 3, 3, 4], 2, 1]] as const
  ) {
    test(`all passes count the products inside the image, stride ${stride}`, async () => {
      const graph = new Graph(await engine());
      const [image, filters] = [graph.input("x", x), graph.input("w", w)];
      const y = conv2d(image, filters, { stride, padding, version: "workgroup" });
      gradient(y, [image, filters], graph.input("dy", y.shape));
      // A convolution of ones counts its own products.
      const ones = (shape: readonly number[]) => ({
        shape: [...shape],
        data: new Float64Array(shape.reduce((product, size) => product * size)).fill(1),
      });
      const products = reference.conv2d(ones(x), ones(w), stride, padding).data.reduce((sum, value) => sum + value, 0);
      const flops = graph.nodes.filter(({ operation }) => operation.startsWith("conv2d")).map(({ flops }) => flops);
      assert.equal(flops, [2 * products, 2 * products, 2 * products]);
    });
  }

  // Wide and narrow maps, few and many channels, and a sum over pixels in several parts.
  for (
    const [index, x, w] of [[0, [2, 9, 17, 16], [36, 3, 3, 16]], [1, [3, 4, 4, 12], [8, 3, 3, 12]], [2, [5, 3, 3, 20], [
      68,
      1,
      1,
      20,
    ]], [3, [2, 3, 4, 128], [72, 3, 3, 128]]] as const
  ) {
    const tiled = index === 3 ? ["workgroup", "matrix"] : ["tiled", "subgroup", "workgroup", "matrix"];
    for (const version of versions.filter((version) => tiled.includes(version))) {
      test(`every tile gives the same bits, shapes ${index}, ${version}`, async () => {
        const dtype = typeOf(version);
        const dy = normal([...x.slice(0, 3), w[0]], "dy");
        const feeds = { x: { ...normal(x, "x"), dtype }, w: normal(w, "w"), dy: { ...dy, dtype } } as const;
        const device: Engine = { ...await engine(), tiles: new Map() };
        let nodes: readonly Node[] = [];
        const run = () =>
          evaluate(feeds, ({ x, w, dy }) => {
            const y = conv2d(x, w, { version });
            const outputs = [y, ...gradient(y, [x, w], dy)];
            nodes = y.graph.nodes;
            return outputs;
          }, Promise.resolve(device));
        const usual = await run();
        const tunable = nodes.flatMap(({ tunable }) => tunable ?? []);
        assert.is(tunable.length, 3);
        for (let choice = 1; choice < Math.max(...tunable.map(({ tiles }) => tiles.length)); choice++) {
          for (const { key, tiles } of tunable) device.tiles.set(key, tiles[choice % tiles.length]);
          const results = await run();
          for (const [i, { data }] of results.entries()) assert.equal(data, usual[i].data, `${choice}: output ${i}`);
        }
      });
    }
  }

  test("a GPU is given the sums of deep layers in parts, those of wide layers whole, whatever the batch", async () => {
    const device = await engine();
    const parts = async (x: number[], w: number[]) => {
      const cases = await convolutionCases(device, x, w, { version: "workgroup" });
      const [{ dispatch }, { dispatch: next }] = cases;
      const splits = dispatch.constants!.splits;
      assert.is(next.kernel.name === "conv2d/sum_splits", splits > 1);
      return splits;
    };
    assert.is(await parts([2, 32, 32, 64], [64, 3, 3, 64]), 1);
    assert.is(await parts([2, 8, 8, 256], [256, 3, 3, 256]), 2);
    assert.is(await parts([2, 4, 4, 512], [512, 3, 3, 512]), 4);
    assert.is(await parts([1, 4, 4, 512], [512, 3, 3, 512]), 4);
    assert.is(await parts([2, 4, 4, 12], [512, 3, 3, 12]), 1);
  });

  test("more tiles of pixels than a dimension of the grid has room for", async () => {
    const device = await engine();
    const cases = await convolutionCases(device, [5, 1024, 1024, 4], [4, 1, 1, 4], { version: "workgroup" });
    const { dispatch } = cases.find(({ dispatch }) => dispatch.kernel.name === "conv2d/forward_workgroup")!;
    assert.ok(dispatch.threads[2]! > 1);
    // The last values are among those compared.
    (await verify(device.gpu, dispatch)).free();
  });

  test("weights that change between two passes are turned anew", async () => {
    const [x, w, v, dy] = [
      normal([1, 5, 6, 4], "x"),
      normal([8, 3, 3, 4], "w"),
      normal([8, 3, 3, 4], "v"),
      normal([1, 5, 6, 8], "dy"),
    ];
    const back = (x: Tensor, w: Tensor, dy: Tensor) => gradient(conv2d(x, w), [x], dy)[0];
    const view = await place(w.data);
    const [first, again, second] = await evaluate({ x, v, dy }, ({ x, v, dy }) => {
      const w = x.graph.placed("w", [8, 3, 3, 4], view);
      const before = [back(x, w, dy), back(x, w, dy)];
      assign(w, v);
      return [...before, back(x, w, dy)];
    });
    (await engine()).gpu.free(view.buffer);
    const [wanted] = await evaluate({ x, w: v, dy }, ({ x, w, dy }) => [back(x, w, dy)]);
    assert.equal(again.data, first.data);
    assert.equal(second.data, wanted.data);
    assert.not.equal(second.data, first.data);
  });

  test("subgroup matrices are refused for f32, and where there are none", async () => {
    const run = (dtype: DType) =>
      evaluate({ x: { ...normal([1, 2, 2, 4], "x"), dtype }, w: normal([4, 3, 3, 4], "w") }, ({ x, w }) => [
        conv2d(x, w, { version: "matrix" }),
      ]);
    await refused(() => run("f32"), /has no matrix convolution of f32/);
    if (!gpu.matrices) await refused(() => run("f16"), /has no matrix convolution of f16/);
  });

  test("a bias has no gradient", () =>
    refused(
      () =>
        evaluate({ x: normal([1, 2, 2, 4], "x"), w: normal([4, 3, 3, 4], "w"), bias: normal([4], "bias") }, (inputs) =>
          gradient(conv2d(inputs.x, inputs.w, { epilogue: { bias: inputs.bias, relu: true } }), [inputs.bias])),
      /conv2d \+ bias \+ relu does not depend on bias/,
    ));

  for (const [channels, version] of [[8, undefined], [116, "workgroup"]] as const) {
    test(`an image's result does not depend on the batch it is in, ${version ?? "usual version"}`, async () => {
      const random = new Random(2, "batch");
      const x = single(randomNormal([5, 6, 6, channels], random));
      const w = single(randomNormal([channels, 3, 3, channels], random));
      const run = (images: typeof x) =>
        evaluate({ x: images, w }, ({ x, w }) => {
          const y = conv2d(x, w, { version });
          return [y, ...gradient(y, [x])];
        });
      const [all, allDx] = await run(x);
      const length = 36 * channels;
      const one = { shape: [1, 6, 6, channels], data: x.data.slice(2 * length, 3 * length) };
      const [alone, aloneDx] = await run(one);
      assert.equal(alone.data, all.data.slice(2 * length, 3 * length));
      assert.equal(aloneDx.data, allDx.data.slice(2 * length, 3 * length));
    });
  }

  test("shapes that do not fit are refused by name", async () => {
    const unfit = (x: number[], w: number[], sentence: RegExp, options = {}) => {
      const feed = (shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b)) });
      return refused(() => evaluate({ x: feed(x), w: feed(w) }, ({ x, w }) => [conv2d(x, w, options)]), sentence);
    };
    await unfit([1, 4, 4, 8], [8, 3, 3, 4], /input channels differ/);
    await unfit([1, 4, 4, 6], [8, 3, 3, 6], /multiple of 4/);
    await unfit([1, 4, 4, 8], [8, 3, 1, 8], /square/);
    await unfit([1, 4, 4, 8], [8, 3, 3, 8], /stride 3/, { stride: 3 });
  });
});
