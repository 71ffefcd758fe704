/**
 * Few tiles would leave a GPU idle. So `workgroup` and `matrix` cut their sums into splits, a workgroup each, and another
 * kernel adds those up. Where they are cut depends on the shapes alone, since another cut is another order of summation.
 */
import type { BufferView, Dispatch } from "../../gpu/kernel.ts";
import type { Engine, Tensor } from "../../tensor/graph.ts";
import type { Geometry } from "./geometry.ts";

/** Workgroups that keep a large GPU busy, and the fewest pixels, or values of K, worth one of their own. */
const wantedGroups = 512;
const fewestPixels = 128;
const fewestValues = 512;
/** Images a large GPU is given at once. */
const usualBatch = 64;

/** Of the sum over K of every pixel. Not even the batch has a say: an image's result must not depend on its company. */
export function forwardSplits({ outHeight, outWidth, outChannels, inChannels, side }: Geometry): number {
  const values = side * side * inChannels;
  const tiles = Math.ceil(usualBatch * outHeight * outWidth / 64) * Math.ceil(outChannels / 64);
  return Math.max(1, Math.min(Math.round(wantedGroups / tiles), Math.floor(values / fewestValues)));
}

/** Of the sum over pixels of every weight, and how many pixels each adds up. */
export function weightGradientSplits(
  { batch, outHeight, outWidth, outChannels, inChannels, side }: Geometry,
): { splits: number; splitPixels: number } {
  const pixels = batch * outHeight * outWidth;
  const tiles = Math.ceil(outChannels / 64) * Math.ceil(side * side * inChannels / 64);
  const wanted = Math.min(Math.ceil(wantedGroups / tiles), Math.ceil(pixels / fewestPixels));
  const splitPixels = 8 * Math.ceil(pixels / wanted / 8);
  return { splits: Math.ceil(pixels / splitPixels), splitPixels };
}

/** The kernel call that adds up `partial`, [splits, ...y]; `bias` stands in where it is not to be added. */
export function sumSplits(
  { kernels }: Engine,
  { splits, partial, bias, y }: { splits: number; partial: Tensor; bias: BufferView; y: Tensor },
  at: (tensor: Tensor) => BufferView,
  constants: Record<"biased" | "rectify", number>,
): Dispatch {
  return {
    kernel: kernels.get("conv2d/sum_splits", y.dtype),
    bindings: { partial: at(partial), bias, y: at(y) },
    params: { length: y.length, splits, channels: bias.length },
    constants,
    threads: [y.length / 4],
  };
}
