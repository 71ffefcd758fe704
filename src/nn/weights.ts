/** Weight files in torchvision's names and layouts, so that a PyTorch user can load them, and back. */
import { readSafetensors, type Tensor as FileTensor, writeSafetensors } from "../data/safetensors.ts";
import { UserError } from "../errors.ts";
import type { Network } from "./network.ts";
import type { ParameterSpec } from "./layers.ts";

/**
 * Writes all weights and running statistics: convolutions as OIHW, the rest as they are. torchvision's vgg13_bn, unlike its
 * ResNets, has a convolution bias, which batch norm makes redundant: it is written as zeros. The normaliser's `mean` and `std`, in 0–255
 * units, are JSON lists in the file's metadata.
 */
export async function saveWeights(path: string, network: Network): Promise<void> {
  const values = await network.parameters.read();
  const tensors: Record<string, { dtype: "F32" | "I64"; shape: number[]; data: ArrayBufferView }> = {};
  for (const spec of network.parameters.specs) {
    const data = values.get(spec.name)!;
    tensors[spec.name] = { dtype: "F32", shape: torchShape(spec), data: toTorch(spec, data) };
    const layer = spec.name.slice(0, spec.name.lastIndexOf("."));
    if (spec.shape.length === 4 && network.architecture.arch === "vgg13") {
      tensors[`${layer}.bias`] = { dtype: "F32", shape: [spec.shape[0]], data: new Float32Array(spec.shape[0]) };
    }
    if (spec.name.endsWith("running_var")) {
      tensors[`${layer}.num_batches_tracked`] = { dtype: "I64", shape: [], data: new BigInt64Array(1) };
    }
  }
  const { mean, std } = network.architecture.normaliser;
  await writeSafetensors(path, tensors, {
    format: "pt",
    architecture: network.architecture.arch,
    mean: JSON.stringify(mean),
    std: JSON.stringify(std),
  });
}

/** Fills a network from a weight file; a tensor that is missing or of another shape is an error naming the file. */
export async function loadWeights(path: string, network: Network): Promise<void> {
  const { tensors } = await readSafetensors(path);
  const found: [ParameterSpec, FileTensor][] = network.parameters.specs.map((spec) => {
    const tensor = tensors[spec.name];
    if (!tensor) throw new UserError(`${path}: the tensor ${spec.name} is missing.`);
    if (tensor.dtype !== "F32" || String(tensor.shape) !== String(torchShape(spec))) {
      throw new UserError(
        `${path}: ${spec.name} is ${tensor.dtype} [${tensor.shape}], the network needs F32 [${torchShape(spec)}].`,
      );
    }
    return [spec, tensor];
  });
  for (const [spec, { data }] of found) network.parameters.write(spec.name, fromTorch(spec, data as Float32Array));
}

function torchShape({ shape, depth }: ParameterSpec): number[] {
  if (shape.length === 4) return [shape[0], depth, shape[1], shape[2]];
  return [...shape.slice(0, -1), depth];
}

/** OHWI → OIHW; other tensors keep their order. */
function toTorch({ shape, depth }: ParameterSpec, data: Float32Array): Float32Array {
  return shape.length === 4 ? swap(data, shape[0], shape[1] * shape[2], depth) : data;
}

function fromTorch({ shape, depth }: ParameterSpec, data: Float32Array): Float32Array {
  return shape.length === 4 ? swap(data, shape[0], depth, shape[1] * shape[2]) : data;
}

/** Exchanges the last two of three dimensions. */
function swap(data: Float32Array, outer: number, rows: number, columns: number): Float32Array {
  const result = new Float32Array(data.length);
  for (let o = 0; o < outer; o++) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        result[(o * columns + c) * rows + r] = data[(o * rows + r) * columns + c];
      }
    }
  }
  return result;
}
