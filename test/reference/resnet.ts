/**
 * Residual networks in float64 (He et al., CVPR 2016), in torchvision's names: ResNet32 (CIFAR layout, basic blocks) and
 * ResNet50 (ImageNet layout, bottleneck blocks with the stride in their 3×3 convolution). Channels are those of the state; a
 * block has a 1×1 convolution as its shortcut where the state holds one.
 */
import { add } from "./add.ts";
import type { NdArray } from "./array.ts";
import {
  average,
  batchNorm,
  classifier,
  convolution,
  type Layer,
  type Pass,
  pool,
  record,
  rectifier,
  type Settings,
  type State,
} from "./layers.ts";
import { relu, reluGradient } from "./relu.ts";

interface Design {
  /** Blocks of each stage. */
  blocks: number[];
  /** Convolutions of a block, and which one of them has its stride. */
  convolutions: number;
  strided: number;
  /** Of the first convolution. */
  stride: number;
  /** Whether 3×3 max pooling follows it. */
  pools: boolean;
}

/** @param halved whether the first convolution has stride 2, as it has for images of 128 pixels */
export function resnet32(state: State, images: NdArray, settings: Settings, halved = false): Pass {
  const design = { blocks: [5, 5, 5], convolutions: 2, strided: 1, stride: halved ? 2 : 1, pools: false };
  return resnet(state, images, settings, design);
}

export function resnet50(state: State, images: NdArray, settings: Settings): Pass {
  return resnet(state, images, settings, { blocks: [3, 4, 6, 3], convolutions: 3, strided: 2, stride: 2, pools: true });
}

function resnet(state: State, images: NdArray, settings: Settings, design: Design): Pass {
  return record(images, settings, (apply, { mode, running }) => {
    apply((x) => convolution(x, state, "conv1", design.stride));
    apply((x) => batchNorm(x, state, "bn1", mode, running));
    apply(rectifier);
    if (design.pools) apply((x) => pool(x, 3, 1));
    design.blocks.forEach((blocks, stage) => {
      for (let i = 0; i < blocks; i++) {
        const stride = stage > 0 && i === 0 ? 2 : 1;
        apply((x) => block(x, `layer${stage + 1}.${i}`, stride, state, design, mode, running));
      }
    });
    apply(average);
    apply((x) => classifier(x, state, "fc"));
  });
}

/** max(body(x) + shortcut(x), 0), and the way back through both branches. */
function block(
  x: NdArray,
  name: string,
  stride: number,
  state: State,
  { convolutions, strided }: Design,
  mode: Settings["mode"],
  running: State,
): Layer {
  const body: Layer[] = [];
  for (let i = 1; i <= convolutions; i++) {
    const last = () => body.length > 0 ? body[body.length - 1].y : x;
    body.push(convolution(last(), state, `${name}.conv${i}`, i === strided ? stride : 1));
    body.push(batchNorm(last(), state, `${name}.bn${i}`, mode, running));
    if (i < convolutions) body.push(rectifier(last()));
  }
  const shortcut: Layer[] = [];
  if (state.has(`${name}.downsample.0.weight`)) {
    shortcut.push(convolution(x, state, `${name}.downsample.0`, stride));
    shortcut.push(batchNorm(shortcut[0].y, state, `${name}.downsample.1`, mode, running));
  }
  const sum = add(body[body.length - 1].y, shortcut.length > 0 ? shortcut[1].y : x);
  return {
    y: relu(sum),
    backward: (dy, gradients) => {
      const dSum = reluGradient(dy, sum);
      const back = (branch: Layer[]) =>
        branch.reduceRight((upstream, layer) => layer.backward(upstream, gradients), dSum);
      return add(back(body), back(shortcut));
    },
  };
}
