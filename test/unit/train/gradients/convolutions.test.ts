import { it } from 'vitest';
import type { Network } from '../../../../src/core/network/network.ts';
import { NetworkBuilder } from '../../../../src/core/network/network-builder.ts';
import { seededParameter } from '../training-fixtures.ts';
import { compareWithFiniteDifferences } from './compare-with-finite-differences.ts';
import { bias, network } from './gradient-fixtures.ts';

const cases: readonly (readonly [string, Network])[] = [
  ...(
    [
      [1, 1],
      [2, 1],
      [2, 3],
    ] as const
  ).flatMap((strides) =>
    (['same', 'valid'] as const).map(
      (padding) =>
        [
          `conv ${strides.join('x')} ${padding}`,
          network([5, 6, 1], (b, x) => b.conv2d('c', x, { kernel: seededParameter([3, 3, 2, 2], 3), bias: bias(3), strides, padding })),
        ] as const,
    ),
  ),
  ...(['same', 'valid'] as const).map(
    (padding) =>
      [
        `conv dilated ${padding}`,
        network([6, 7, 1], (b, x) => b.conv2d('c', x, { kernel: seededParameter([2, 3, 2, 2], 3), dilations: [2, 2], padding })),
      ] as const,
  ),
  [
    'grouped conv',
    network([4, 5, 1], (b, x) =>
      b.conv2d('c', b.concat('wide', [x, x], 2), {
        kernel: seededParameter([6, 3, 2, 2], 3),
        bias: bias(6),
        strides: [1, 2],
        padding: 'same',
      }),
    ),
  ],
  [
    'transposed conv with output padding',
    network([3, 2, 1], (b, x) =>
      b.transposeConv2d('c', x, { kernel: seededParameter([3, 3, 3, 2], 3), bias: bias(3), strides: [2, 2], outputSize: [8, 6] }),
    ),
  ],
  // Large enough for each of the forms that depthwise convolutions take; small images above take the third.
  ...([1, 2] as const).map(
    (multiplier) =>
      [
        `depthwise x${multiplier} by rows`,
        network([12, 9, 1], (b, x) =>
          b.globalPool(
            'p',
            b.depthwiseConv2d('c', x, {
              kernel: seededParameter([1, 3, 3, 2 * multiplier], 3),
              bias: bias(2 * multiplier),
              padding: 'same',
            }),
            'average',
          ),
        ),
      ] as const,
  ),
  ...(
    [
      [1, 1],
      [2, 1],
      [2, 2],
    ] as const
  ).map(
    ([stride, multiplier]) =>
      [
        `depthwise x${multiplier} stride ${stride} by windows`,
        network([9, 26, 1], (b, x) =>
          b.pool2d(
            'p',
            b.depthwiseConv2d('c', x, {
              kernel: seededParameter([1, 3, 3, 2 * multiplier], 3),
              strides: [stride, stride],
              padding: 'same',
              activation: 'relu6',
            }),
            'average',
            [4, 5],
          ),
        ),
      ] as const,
  ),
  ...([1, 2] as const).map(
    (stride) =>
      [
        `conv of a picture, stride ${stride}`,
        ((): Network => {
          const b = new NetworkBuilder('picture');
          const x = b.conv2d('first', b.input([5, 6, 3]), {
            kernel: seededParameter([4, 3, 2, 3], 1),
            strides: [stride, stride],
            padding: 'same',
          });
          return b.build([b.conv2d('c', x, { kernel: seededParameter([2, 2, 2, 4], 3), bias: bias(2) })]);
        })(),
      ] as const,
  ),
  [
    'padding before a convolution with stride',
    network([4, 6, 1], (b, x) => {
      const zeros: readonly (readonly [number, number])[] = [
        [0, 1],
        [0, 1],
        [0, 0],
      ];
      return b.conv2d('c', b.pad('pad', x, zeros), { kernel: seededParameter([3, 3, 3, 2], 3), strides: [2, 2] });
    }),
  ],
  [
    'conv of one channel',
    ((): Network => {
      const b = new NetworkBuilder('one channel');
      const x = b.conv2d('first', b.input([5, 6, 1]), { kernel: seededParameter([1, 2, 2, 1], 1), activation: 'none' });
      return b.build([b.conv2d('c', x, { kernel: seededParameter([3, 3, 2, 1], 3), bias: bias(3), strides: [2, 1], padding: 'same' })]);
    })(),
  ],
  ['conv 1x1 stride 2', network([5, 4, 1], (b, x) => b.conv2d('c', x, { kernel: seededParameter([3, 1, 1, 2], 3), strides: [2, 2] }))],
  ...([1, 3] as const).flatMap((multiplier) =>
    (
      [
        [1, 1],
        [2, 2],
      ] as const
    ).map(
      (strides) =>
        [
          `depthwise x${multiplier} stride ${strides[0]}`,
          network([5, 4, 1], (b, x) =>
            b.depthwiseConv2d('c', x, {
              kernel: seededParameter([1, 3, 3, 2 * multiplier], 3),
              bias: bias(2 * multiplier),
              strides,
              padding: 'same',
            }),
          ),
        ] as const,
    ),
  ),
  [
    'depthwise dilated',
    network([6, 5, 1], (b, x) => b.depthwiseConv2d('c', x, { kernel: seededParameter([1, 3, 2, 2], 3), dilations: [2, 1] })),
  ],
  ...(['same', 'valid'] as const).map(
    (padding) =>
      [
        `transposed conv ${padding}`,
        network([3, 2, 1], (b, x) =>
          b.transposeConv2d('c', x, { kernel: seededParameter([3, 3, 3, 2], 3), bias: bias(3), strides: [2, 2], padding }),
        ),
      ] as const,
  ),
];

it.each(cases)('%s: the gradient of every parameter equals finite differences of the reference in double precision', (_, tested) =>
  compareWithFiniteDifferences(tested),
);
