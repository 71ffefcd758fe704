/** Residual networks (He et al., CVPR 2016), their parameters named as in torchvision's. */
import {
  averaging,
  classifier,
  type Convolution,
  convolution,
  type Layer,
  pooling,
  residual,
  sequential,
  widened,
} from "./layers.ts";

interface Design {
  /** Multiplies the channels, which are rounded to a multiple of 4. */
  width: number;
  /** Pixels a side of the images. */
  size: number;
  classes: number;
}

interface Block {
  inChannels: number;
  channels: number;
  /** Of the block's output; `channels` for basic blocks. */
  outChannels: number;
  stride: number;
}

/** Images of this many pixels a side are halved by the first convolution of a ResNet32, so that it costs no more than at 64. */
const halvedFrom = 128;

/**
 * The CIFAR layout, 6n + 2 layers with n = 5: a 3 × 3 convolution, three stages of five basic blocks with 16, 32 and 64
 * channels, global average pooling, one dense layer. Unlike the original, blocks that change the shape have a 1 × 1
 * convolution as their shortcut (option B), as in torchvision.
 */
export function resnet32({ width, size, classes }: Design): Layer {
  const stemChannels = widened(16, width);
  const stride = size >= halvedFrom ? 2 : 1;
  const stages = [16, 32, 64].map((channels) => ({ channels: widened(channels, width), blocks: 5 }));
  return sequential([
    convolution("conv1", "bn1", { inChannels: 3, outChannels: stemChannels, side: 3, stride, relu: true }),
    ...stagesOf(stages, { inChannels: stemChannels, expansion: 1, body: basic }),
    averaging,
    classifier("fc", stages[2].channels, classes),
  ]);
}

/**
 * The ImageNet layout: a 7 × 7 convolution and 3 × 3 max pooling, both with stride 2, four stages of 3, 4, 6 and 3
 * bottleneck blocks, global average pooling, one dense layer. As in torchvision a block's stride is that of its 3 × 3
 * convolution.
 */
export function resnet50({ width, classes }: Design): Layer {
  const stemChannels = widened(64, width);
  const blocks = [3, 4, 6, 3];
  const stages = [64, 128, 256, 512].map((channels, i) => ({ channels: widened(channels, width), blocks: blocks[i] }));
  return sequential([
    convolution("conv1", "bn1", { inChannels: 3, outChannels: stemChannels, side: 7, stride: 2, relu: true }),
    pooling({ side: 3, padding: 1 }),
    ...stagesOf(stages, { inChannels: stemChannels, expansion: 4, body: bottleneck }),
    averaging,
    classifier("fc", 4 * stages[3].channels, classes),
  ]);
}

/** All blocks in a row; each stage but the first begins by halving the image. */
function stagesOf(
  stages: readonly { channels: number; blocks: number }[],
  { inChannels, expansion, body }: {
    inChannels: number;
    expansion: number;
    body: (name: string, block: Block) => Convolution[];
  },
): Layer[] {
  const layers: Layer[] = [];
  for (const [stage, { channels, blocks }] of stages.entries()) {
    for (let i = 0; i < blocks; i++) {
      const name = `layer${stage + 1}.${i}`;
      const block = { inChannels, channels, outChannels: expansion * channels, stride: stage > 0 && i === 0 ? 2 : 1 };
      layers.push(residual(body(name, block), shortcut(name, block)));
      inChannels = block.outChannels;
    }
  }
  return layers;
}

function basic(name: string, { inChannels, channels, stride }: Block): Convolution[] {
  return [
    convolution(`${name}.conv1`, `${name}.bn1`, { inChannels, outChannels: channels, side: 3, stride, relu: true }),
    convolution(`${name}.conv2`, `${name}.bn2`, {
      inChannels: channels,
      outChannels: channels,
      side: 3,
      relu: true,
    }),
  ];
}

function bottleneck(name: string, { inChannels, channels, outChannels, stride }: Block): Convolution[] {
  return [
    convolution(`${name}.conv1`, `${name}.bn1`, { inChannels, outChannels: channels, side: 1, relu: true }),
    convolution(`${name}.conv2`, `${name}.bn2`, {
      inChannels: channels,
      outChannels: channels,
      side: 3,
      stride,
      relu: true,
    }),
    convolution(`${name}.conv3`, `${name}.bn3`, { inChannels: channels, outChannels, side: 1, relu: true }),
  ];
}

/** What brings x to the shape of a block's output, where that is another. */
function shortcut(name: string, { inChannels, outChannels, stride }: Block): Layer | undefined {
  if (stride === 1 && inChannels === outChannels) return undefined;
  return convolution(`${name}.downsample.0`, `${name}.downsample.1`, { inChannels, outChannels, side: 1, stride });
}
