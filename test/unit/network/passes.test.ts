import { describe, expect, it } from 'vitest';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Network, Parameter, Shape } from '../../../src/core/network/network.ts';
import { prepareForDeployment, prepareForTraining } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { removePermutations } from '../../../src/core/network/passes/remove-permutations.ts';
import { validateNetwork } from '../../../src/core/network/validate-network.ts';
import { createRandom } from '../../../src/core/random.ts';
import { referenceOutputs } from './reference-executor.ts';

const random = createRandom(4);
const normal = (shape: Shape): Parameter => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
});
const positive = (shape: Shape): Parameter => {
  const { data } = normal(shape);
  return { shape, data: data.map((v) => Math.abs(v) + 0.1) };
};
const norm = (c: number) => ({ gamma: normal([c]), beta: normal([c]), mean: normal([c]), variance: positive([c]) });
const input = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());

function expectSameFunction(a: Network, b: Network, x: Float32Array): void {
  const [expected] = referenceOutputs(a, [x]);
  referenceOutputs(b, [x])[0]!.forEach((value, i) => {
    expect(value).toBeCloseTo(expected![i]!, 4);
  });
}

describe('prepareForDeployment', () => {
  it('folds batch norms of either sign into every kind of kernel, fuses ReLU and drops dropout', () => {
    const builder = new NetworkBuilder('net');
    let x = builder.input([6, 6, 2]);
    x = builder.activation('relu1', builder.batchNorm('bn1', builder.conv2d('conv', x, { kernel: normal([4, 3, 3, 2]) }), norm(4)), 'relu');
    x = builder.activation(
      'relu2',
      builder.batchNorm(
        'bn2',
        builder.depthwiseConv2d(
          'dw',
          builder.pad('pad', x, [
            [1, 1],
            [1, 1],
            [0, 0],
          ]),
          { kernel: normal([1, 3, 3, 8]), bias: normal([8]) },
        ),
        norm(8),
      ),
      'relu6',
    );
    x = builder.batchNorm(
      'bn3',
      builder.transposeConv2d('up', x, { kernel: normal([3, 2, 2, 8]), strides: [2, 2], padding: 'same' }),
      norm(3),
    );
    x = builder.batchNorm(
      'bn4',
      builder.dense('dense', builder.dropout('drop', builder.flatten('flat', x), 0.5), { kernel: normal([5, 192]) }),
      norm(5),
    );
    const network = builder.build([x]);
    const prepared = prepareForDeployment(network);
    validateNetwork(prepared);
    expect(prepared.operations.map((operation) => operation.kind)).toEqual([
      'conv2d',
      'depthwiseConv2d',
      'transposeConv2d',
      'reshape',
      'dense',
    ]);
    expect(prepared.operations[0]).toMatchObject({ activation: 'relu', kernel: 'conv/kernel' });
    expect(prepared.operations[1]).toMatchObject({ activation: 'relu6', padding: 'same' });
    expectSameFunction(network, prepared, input(72));
  });

  it('turns a batch norm that follows no kernel into a scaling', () => {
    const builder = new NetworkBuilder('net');
    const network = builder.build([
      builder.dense('dense', builder.batchNorm('bn', builder.input([4]), norm(4)), { kernel: normal([2, 4]) }),
    ]);
    const prepared = prepareForDeployment(network);
    expect(prepared.operations.map((operation) => operation.kind)).toEqual(['rescale', 'dense']);
    expectSameFunction(network, prepared, input(4));
  });

  it('gives a kernel shared by two batch norms a folded copy each', () => {
    const builder = new NetworkBuilder('net');
    const x = builder.input([3]);
    const kernel = normal([3, 3]);
    const y = builder.batchNorm('bn1', builder.dense('shared', x, { kernel }), norm(3));
    const network = builder.build([builder.batchNorm('bn2', builder.dense('shared', y, { kernel }), norm(3))]);
    const prepared = prepareForDeployment(network);
    validateNetwork(prepared);
    expect(prepared.operations.map((operation) => operation.kind)).toEqual(['dense', 'dense']);
    expectSameFunction(network, prepared, input(3));
  });
});

describe('prepareForTraining', () => {
  const builder = new NetworkBuilder('net');
  let x = builder.batchNorm('bn0', builder.input([4, 4, 2]), norm(2));
  x = builder.activation('relu', builder.batchNorm('bn1', builder.conv2d('conv', x, { kernel: normal([3, 3, 3, 2]) }), norm(3)), 'relu');
  x = builder.batchNorm('bn2', builder.dense('dense', builder.flatten('flat', x), { kernel: normal([5, 12]) }), norm(5));
  const network = builder.build([builder.activation('out', x, 'relu')]);
  const kept = prepareForTraining(network, ({ kind }) => kind === 'conv2d');

  it('leaves the batch norms that it is told to where a kernel could take them in, and prepares the rest', () => {
    validateNetwork(kept);
    expect(kept.operations.map(({ kind }) => kind)).toEqual(['rescale', 'conv2d', 'batchNorm', 'activation', 'reshape', 'dense']);
    expect(kept.operations.at(-1)).toMatchObject({ activation: 'relu' });
    expectSameFunction(network, kept, input(32));
  });

  it('becomes the deployed network, whose values have the same names, when it is prepared for deployment', () => {
    const deployed = prepareForDeployment(network);
    expect(prepareForDeployment(kept).operations).toEqual(deployed.operations);
    for (const { output } of deployed.operations) expect(kept.values.has(output)).toBe(true);
  });
});

describe('removePermutations', () => {
  it('makes a channels-first network channels-last, dense columns included', () => {
    const builder = new NetworkBuilder('net');
    const last = builder.permute('to_last', builder.input([2, 3, 4]), [1, 2, 0]);
    const first = builder.activation(
      'relu',
      builder.permute('to_first', builder.conv2d('conv', last, { kernel: normal([5, 1, 1, 2]) }), [2, 0, 1]),
      'relu',
    );
    const network = builder.build([builder.dense('dense', builder.flatten('flat', first), { kernel: normal([2, 60]) })]);
    const warnings: string[] = [];
    const converted = removePermutations(network, (message) => warnings.push(message));
    validateNetwork(converted);
    expect(converted.operations.map((operation) => operation.kind)).toEqual(['conv2d', 'activation', 'reshape', 'dense']);
    expect(warnings).toEqual([expect.stringContaining('channels-first [2, 3, 4]')]);
    const x = input(24);
    const moved = Float32Array.from({ length: 24 }, (_, i) => x[(i % 2) * 12 + Math.floor(i / 2)]!);
    const [expected] = referenceOutputs(network, [x]);
    referenceOutputs(converted, [moved])[0]!.forEach((value, i) => {
      expect(value).toBeCloseTo(expected![i]!, 5);
    });
  });
});

describe('validateNetwork', () => {
  it('names the layer whose weights are not finite', () => {
    const builder = new NetworkBuilder('net');
    const network = builder.build([
      builder.dense('bad_layer', builder.input([2]), { kernel: { shape: [1, 2], data: Float32Array.of(1, NaN) } }),
    ]);
    expect(() => validateNetwork(network)).toThrow(/layer "bad_layer".*NaN at index 1/);
  });

  it('says which shapes do not fit while a network is built', () => {
    const builder = new NetworkBuilder('net');
    const x = builder.input([4, 4, 3]);
    expect(() => builder.conv2d('conv', x, { kernel: normal([8, 3, 3, 1]) })).toThrow(
      'layer "conv": kernel has shape [8, 3, 3, 1], expected [?, ?, ?, 3] for input [4, 4, 3]',
    );
    expect(() => builder.conv2d('large', x, { kernel: normal([8, 5, 5, 3]) })).toThrow(/5x5 window does not fit into its 4x4 input/);
  });
});
