/** Howard et al. 2017, arXiv:1704.04861, table 1; the layer names and paddings of Keras's application. */
import type { Network, ValueId } from '../network/network.ts';
import type { Pair } from '../network/operations.ts';
import { LayerStack, pairOf } from './layer-stack.ts';

/** Filters and stride of each depthwise separable block. */
const blocks = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
] as const;

export interface MobileNetOptions {
  /** Height and width of the input, 224 for ImageNet, 32 for CIFAR. */
  readonly inputSize?: number | Pair | undefined;
  readonly channels?: number | undefined;
  readonly classes?: number | undefined;
  /** Width multiplier. */
  readonly alpha?: number | undefined;
  readonly seed: number;
  /** Stride of the first convolution: 2 as published, 1 keeps resolution for 32x32 images. */
  readonly firstStride?: 1 | 2 | undefined;
}

/** 4,253,864 parameters at alpha 1 and 1,000 classes. Output: logits. */
export function mobileNetV1(options: MobileNetOptions): Network {
  const { inputSize = 224, channels = 3, classes = 1000, alpha = 1, seed, firstStride = 2 } = options;
  const [height, width] = pairOf(inputSize);
  const stack = new LayerStack(`mobilenet_v1_${alpha}_${height === width ? height : `${height}x${width}`}`, seed);
  const { builder } = stack;
  const finish = (layer: string, input: ValueId): ValueId =>
    builder.activation(`${layer}_relu`, stack.batchNorm(`${layer}_bn`, input), 'relu6');
  const halve = (layer: string, input: ValueId): ValueId =>
    builder.pad(layer, input, [
      [0, 1],
      [0, 1],
      [0, 0],
    ]);
  let x = builder.input([height, width, channels]);
  if (firstStride === 2) x = halve('conv1_pad', x);
  x = finish(
    'conv1',
    stack.convolution('conv1', x, Math.floor(32 * alpha), {
      size: [3, 3],
      strides: [firstStride, firstStride],
      padding: firstStride === 2 ? 'valid' : 'same',
      bias: false,
    }),
  );
  for (const [index, [filters, stride]] of blocks.entries()) {
    const n = index + 1;
    if (stride === 2) x = halve(`conv_pad_${n}`, x);
    x = finish(
      `conv_dw_${n}`,
      stack.depthwise(`conv_dw_${n}`, x, { strides: [stride, stride], padding: stride === 2 ? 'valid' : 'same', bias: false }),
    );
    x = finish(`conv_pw_${n}`, stack.convolution(`conv_pw_${n}`, x, Math.floor(filters * alpha), { bias: false }));
  }
  // A 1x1 convolution after pooling, as published; on one pixel it is the dense layer.
  x = builder.dropout('dropout', builder.globalPool('global_average_pooling2d', x, 'average', true), 1e-3);
  x = stack.convolution('conv_preds', x, classes);
  return builder.build([builder.reshape('reshape_2', x, [classes])]);
}
