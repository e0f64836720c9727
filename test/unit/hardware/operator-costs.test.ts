import { describe, expect, it } from 'vitest';
import { operatorCosts } from '../../../src/core/hardware/operator-costs.ts';
import { floatOperator, tfliteMicroObstacles } from '../../../src/core/hardware/tflite-micro-kernels.ts';
import { graph, model, operator, tensor } from './tflite-graph.ts';

const constant = (name: string, shape: readonly number[]): ReturnType<typeof tensor> =>
  tensor(name, shape, { data: new Uint8Array(shape.reduce((product, size) => product * size, 1)) });

describe('multiply-accumulates, counted by hand', () => {
  const one = (kind: string, tensors: readonly ReturnType<typeof tensor>[], inputs: readonly number[], options = {}) =>
    operatorCosts(
      model([
        graph({ tensors, inputs: [0], outputs: [tensors.length - 1], operators: [operator(kind, inputs, [tensors.length - 1], options)] }),
      ]),
    )[0]!;

  it.each([
    // 6x6 outputs of 8 channels, each of 3x3x2.
    [
      'CONV_2D',
      [
        [1, 8, 8, 2],
        [8, 3, 3, 2],
        [1, 6, 6, 8],
      ],
      [0, 1, -1],
      36 * 8 * 18,
      144,
    ],
    [
      'DEPTHWISE_CONV_2D',
      [
        [1, 8, 8, 4],
        [1, 3, 3, 4],
        [1, 6, 6, 4],
      ],
      [0, 1, -1],
      36 * 4 * 9,
      36,
    ],
    [
      'FULLY_CONNECTED',
      [
        [2, 10],
        [5, 10],
        [2, 5],
      ],
      [0, 1, -1],
      2 * 50,
      50,
    ],
    // Each of 3x3x2 inputs spreads over 2x2 outputs of 6 channels.
    [
      'TRANSPOSE_CONV',
      [
        [1, 3, 3, 2],
        [6, 2, 2, 2],
        [1, 6, 6, 6],
      ],
      [-1, 1, 0],
      18 * 4 * 6,
      48,
    ],
    [
      'BATCH_MATMUL',
      [
        [3, 4, 5],
        [3, 5, 6],
        [3, 4, 6],
      ],
      [0, 1],
      3 * 4 * 5 * 6,
      90,
    ],
    [
      'MAX_POOL_2D',
      [
        [1, 4, 4, 2],
        [1, 2, 2, 2],
      ],
      [0],
      0,
      0,
    ],
  ] as const)('%s', (kind, shapes, inputs, macs, parameters) => {
    const tensors = shapes.map((shape, i) => (i === 1 && shapes.length === 3 ? constant(`t${i}`, shape) : tensor(`t${i}`, shape)));
    expect(one(kind, tensors, inputs)).toMatchObject({ macs, parameters });
  });

  it('counts a kernel that two operators share once, and a packed one where it is read', () => {
    const costs = operatorCosts(
      model([
        graph({
          tensors: [
            tensor('in', [1, 4]),
            constant('kernel', [4, 4]),
            tensor('a', [1, 4]),
            tensor('b', [1, 4]),
            tensor('codes', [3], { type: 'uint8', quantization: undefined, data: new Uint8Array(3) }),
            tensor('tables', [20], { type: 'uint8', quantization: undefined, data: new Uint8Array(20) }),
            tensor('kernel decoded', [4, 4]),
            tensor('out', [1, 4]),
          ],
          inputs: [0],
          outputs: [7],
          operators: [
            operator('FULLY_CONNECTED', [0, 1, -1], [2]),
            operator('FULLY_CONNECTED', [2, 1, -1], [3]),
            operator('TFLM_DECODE', [4, 5], [6]),
            operator('FULLY_CONNECTED', [3, 6, -1], [7]),
          ],
        }),
      ]),
    );
    expect(costs.map(({ parameters }) => parameters)).toEqual([16, 0, 0, 16]);
  });

  it('names the operator whose tensors do not fit it', () => {
    expect(() => one('CONV_2D', [tensor('in', [4]), constant('kernel', [4, 4]), tensor('out', [4])], [0, 1])).toThrow(
      /operator 0 CONV_2D "out".*tensor "kernel" has the shape \[4, 4\]/,
    );
  });
});

describe('what TFLite Micro does not run', () => {
  const file = (kind: string, kernelType: 'int8' | 'float32' = 'int8', type: 'int8' | 'float32' = 'int8') =>
    model([
      graph({
        tensors: [tensor('in', [1, 4], { type }), constant('kernel', [4, 4]), tensor('out', [1, 4], { type })].map((t) =>
          t.name === 'kernel' ? { ...t, type: kernelType } : t,
        ),
        inputs: [0],
        outputs: [2],
        operators: [operator(kind, [0, 1], [2])],
      }),
    ]);

  it('an operator without a kernel', () => {
    expect(tfliteMicroObstacles(file('GELU'))).toEqual(['TFLite Micro has no kernel for GELU (out): it does not run this file']);
    expect(tfliteMicroObstacles(file('FULLY_CONNECTED'))).toEqual([]);
  });

  it('float activations with an integer kernel', () => {
    expect(tfliteMicroObstacles(file('FULLY_CONNECTED', 'int8', 'float32'))[0]).toMatch(/does not multiply float activations .*\(out\)/);
    expect(floatOperator(file('FULLY_CONNECTED', 'int8', 'float32'))).toBe('out');
    expect(floatOperator(file('FULLY_CONNECTED'))).toBeUndefined();
  });

  it('float16 weights and sparse weights, which its kernels do not read', () => {
    const withKernel = (change: Partial<ReturnType<typeof tensor>>) => {
      const [main] = file('FULLY_CONNECTED').subgraphs;
      return model([{ ...main!, tensors: main!.tensors.map((t) => (t.name === 'kernel' ? { ...t, ...change } : t)) }]);
    };
    expect(tfliteMicroObstacles(withKernel({ type: 'float16' }))).toEqual([expect.stringMatching(/float16 tensors \(kernel\): convert/)]);
    const sparsity = { traversalOrder: [0, 1], blockMap: [], dimensions: [] };
    expect(tfliteMicroObstacles(withKernel({ sparsity }))).toEqual([expect.stringMatching(/sparse tensors \(kernel\): write them dense/)]);
  });
});
