/** VGGNet13 with batch norm and global average pooling (Seiler et al., section V-B). */
import { averaging, classifier, convolution, type Layer, pooling, sequential, widened } from "./layers.ts";

/** Output channels of the two convolutions of each stage: configuration B of Simonyan and Zisserman, ICLR 2015. */
const stages = [64, 128, 256, 512, 512];

/**
 * Ten 3 × 3 convolutions in five stages, each followed by batch norm and a rectifier, each stage by 2 × 2 max pooling; then
 * global average pooling and one dense layer. Images need at least 32 pixels a side. Parameters are named as in
 * torchvision's vgg13_bn (`features.N.*`), the dense layer `classifier.*`.
 *
 * @param width multiplies the channels, which are rounded to a multiple of 4
 */
export function vgg13({ width, classes }: { width: number; classes: number }): Layer {
  const layers: Layer[] = [];
  let index = 0;
  let inChannels = 3;
  for (const stage of stages) {
    const outChannels = widened(stage, width);
    for (let i = 0; i < 2; i++) {
      const options = { inChannels, outChannels, side: 3, relu: true };
      layers.push(convolution(`features.${index}`, `features.${index + 1}`, options));
      // torchvision counts the rectifier as a layer of its own.
      index += 3;
      inChannels = outChannels;
    }
    layers.push(pooling());
    index += 1;
  }
  return sequential([...layers, averaging, classifier("classifier", inChannels, classes)]);
}
