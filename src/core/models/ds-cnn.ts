/** Depthwise separable keyword spotting networks; Zhang et al. 2017, "Hello Edge", arXiv:1711.07128, table 7. */
import type { Network, ValueId } from '../network/network.ts';
import type { Pair } from '../network/operations.ts';
import { LayerStack } from './layer-stack.ts';

export type DsCnnSize = 'S' | 'M' | 'L';

interface Plan {
  readonly channels: number;
  readonly blocks: number;
  readonly firstStrides: Pair;
  /** Of the first depthwise convolution. */
  readonly secondStrides: Pair;
}

const plans: Readonly<Record<DsCnnSize, Plan>> = {
  S: { channels: 64, blocks: 4, firstStrides: [2, 2], secondStrides: [1, 1] },
  M: { channels: 172, blocks: 4, firstStrides: [2, 1], secondStrides: [2, 2] },
  L: { channels: 276, blocks: 5, firstStrides: [2, 1], secondStrides: [2, 2] },
};

/** Input `[frames, coefficients, 1]`, 49 frames of 10 MFCCs; output: logits. */
export function dsCnn(options: {
  readonly size: DsCnnSize;
  readonly classes?: number | undefined;
  readonly frames?: number | undefined;
  readonly coefficients?: number | undefined;
  readonly seed: number;
}): Network {
  const plan = plans[options.size];
  const stack = new LayerStack(`ds_cnn_${options.size.toLowerCase()}`, options.seed);
  const { builder } = stack;
  const normalized = (layer: string, input: ValueId): ValueId =>
    builder.activation(`${layer}_relu`, stack.batchNorm(`${layer}_bn`, input), 'relu');
  let x = builder.input([options.frames ?? 49, options.coefficients ?? 10, 1]);
  x = normalized('conv_1', stack.convolution('conv_1', x, plan.channels, { size: [10, 4], strides: plan.firstStrides }));
  for (let block = 1; block <= plan.blocks; block++) {
    x = normalized(`dw_conv_${block}`, stack.depthwise(`dw_conv_${block}`, x, { strides: block === 1 ? plan.secondStrides : [1, 1] }));
    x = normalized(`pw_conv_${block}`, stack.convolution(`pw_conv_${block}`, x, plan.channels));
  }
  return builder.build([stack.dense('fc1', builder.globalPool('avg_pool', x, 'average'), options.classes ?? 12)]);
}
