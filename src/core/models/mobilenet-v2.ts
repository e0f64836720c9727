/** Sandler et al. 2018, arXiv:1801.04381, table 2; the layer names and paddings of Keras's application. */
import type { Network, ValueId } from '../network/network.ts';
import { LayerStack, pairOf } from './layer-stack.ts';
import type { MobileNetOptions } from './mobilenet-v1.ts';

/** Expansion, filters, repetitions, first stride. */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** Rounds to a multiple of 8, but never down by more than a tenth. */
function divisible(filters: number): number {
  const rounded = Math.max(8, Math.floor((filters + 4) / 8) * 8);
  return rounded < 0.9 * filters ? rounded + 8 : rounded;
}

/** 3,538,984 parameters at alpha 1 and 1,000 classes. Output: logits. */
export function mobileNetV2(options: MobileNetOptions): Network {
  const { inputSize = 224, channels = 3, classes = 1000, alpha = 1, seed, firstStride = 2 } = options;
  const [height, width] = pairOf(inputSize);
  const stack = new LayerStack(`mobilenet_v2_${alpha}_${height === width ? height : `${height}x${width}`}`, seed);
  const { builder } = stack;
  const normalize = (layer: string, input: ValueId): ValueId => stack.batchNorm(layer, input, { epsilon: 1e-3, momentum: 0.999 });
  const halve = (layer: string, input: ValueId): ValueId => {
    const [height = 0] = builder.shapeOf(input);
    const before = height % 2;
    return builder.pad(layer, input, [
      [before, 1],
      [before, 1],
      [0, 0],
    ]);
  };

  let x = builder.input([height, width, channels]);
  x = stack.convolution('Conv1', x, divisible(32 * alpha), { size: [3, 3], strides: [firstStride, firstStride], bias: false });
  x = builder.activation('Conv1_relu', normalize('bn_Conv1', x), 'relu6');
  let block = 0;
  for (const [expansion, filters, repetitions, firstOfStage] of stages) {
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const prefix = block === 0 ? 'expanded_conv_' : `block_${block}_`;
      x = invertedResidual(prefix, x, expansion, divisible(filters * alpha), repetition === 0 ? firstOfStage : 1);
      block++;
    }
  }
  x = stack.convolution('Conv_1', x, alpha > 1 ? divisible(1280 * alpha) : 1280, { bias: false });
  x = builder.activation('out_relu', normalize('Conv_1_bn', x), 'relu6');
  return builder.build([stack.dense('predictions', builder.globalPool('global_average_pooling2d', x, 'average'), classes)]);

  function invertedResidual(prefix: string, input: ValueId, expansion: number, filters: number, stride: 1 | 2): ValueId {
    const width = builder.shapeOf(input).at(-1) ?? 0;
    let y = input;
    if (expansion !== 1) {
      y = stack.convolution(`${prefix}expand`, y, expansion * width, { bias: false });
      y = builder.activation(`${prefix}expand_relu`, normalize(`${prefix}expand_BN`, y), 'relu6');
    }
    if (stride === 2) y = halve(`${prefix}pad`, y);
    y = stack.depthwise(`${prefix}depthwise`, y, { strides: [stride, stride], padding: stride === 2 ? 'valid' : 'same', bias: false });
    y = builder.activation(`${prefix}depthwise_relu`, normalize(`${prefix}depthwise_BN`, y), 'relu6');
    y = normalize(`${prefix}project_BN`, stack.convolution(`${prefix}project`, y, filters, { bias: false }));
    return width === filters && stride === 1 ? builder.binary(`${prefix}add`, 'add', input, y) : y;
  }
}
