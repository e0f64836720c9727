/** Ronneberger et al. 2015, arXiv:1505.04597, with "same" padding, so that a mask has the size of its image, and batch norms. */
import { EspalierError } from '../errors.ts';
import type { Network, ValueId } from '../network/network.ts';
import type { Pair } from '../network/operations.ts';
import { LayerStack, pairOf } from './layer-stack.ts';

const levels = 4;
const firstFilters = 64;

/**
 * Input `[256, 256, 3]`; output: a softmax over the classes at each position, `[256, 256, classes]`.
 *
 * @param options.alpha width multiplier: 1 is the published 64 filters at the top and 1,024 at the bottom
 * @throws EspalierError `invalid-argument` for sides that cannot be halved four times
 */
export function uNet(options: {
  readonly classes?: number | undefined;
  readonly inputSize?: number | Pair | undefined;
  readonly channels?: number | undefined;
  readonly alpha?: number | undefined;
  readonly seed: number;
}): Network {
  const { classes = 2, inputSize = 256, channels = 3, alpha = 1, seed } = options;
  const [height, width] = pairOf(inputSize);
  const factor = 2 ** levels;
  if (height % factor !== 0 || width % factor !== 0)
    throw new EspalierError('invalid-argument', `an input of ${height}x${width} cannot be halved ${levels} times`, {
      where: 'u-net',
      fix: `give sides that are multiples of ${factor}`,
    });
  const stack = new LayerStack('u_net', seed, 'heNormal');
  const { builder } = stack;
  const filtersAt = (level: number): number => Math.max(1, Math.round(firstFilters * alpha * 2 ** level));
  let x = builder.input([height, width, channels]);
  const skips: ValueId[] = [];
  for (let level = 0; level < levels; level++) {
    x = double(`down_${level + 1}`, x, filtersAt(level));
    skips.push(x);
    x = builder.pool2d(`pool_${level + 1}`, x, 'max', [2, 2]);
  }
  x = double('bottom', x, filtersAt(levels));
  for (const [below, skip] of skips.reverse().entries()) {
    const level = levels - below;
    const up = stack.transposedConvolution(`up_${level}`, x, filtersAt(level - 1), { size: [2, 2], strides: [2, 2] });
    x = double(`up_${level}`, builder.concat(`up_${level}_concat`, [skip, up], 2), filtersAt(level - 1));
  }
  return builder.build([builder.activation('softmax', stack.convolution('classes', x, classes), 'softmax')]);

  function double(name: string, input: ValueId, filters: number): ValueId {
    return [1, 2].reduce((value, number) => {
      const convolved = stack.convolution(`${name}_conv_${number}`, value, filters, { size: [3, 3], bias: false });
      return builder.activation(`${name}_relu_${number}`, stack.batchNorm(`${name}_bn_${number}`, convolved), 'relu');
    }, input);
  }
}
