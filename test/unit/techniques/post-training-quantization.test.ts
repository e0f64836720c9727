import type { QuantizedNetwork } from '../../../src/core/quantize/quantization.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { equalizeLayers } from '../../../src/core/techniques/post-training/equalize-layers.ts';
import { randomData } from '../fixtures/random-data.ts';
import { executeNetwork, referenceOutputs } from '../network/reference-executor.ts';
import { seededParameter } from '../train/training-fixtures.ts';
import { quantize } from '../../support/apply-technique.ts';
import { integersOf, kernelData, residualNetwork, techniqueContext, trainedModel, zerosAt } from './technique-fixtures.ts';

const matrix = (shape: readonly number[], ...data: number[]) => ({ shape, data: Float32Array.from(data) });

function twoDense(activation: 'relu' | 'relu6' = 'relu'): Network {
  const b = new NetworkBuilder('two');
  const x = b.dense('first', b.input([2]), { kernel: matrix([2, 2], 4, -8, 0.5, 0.25), bias: matrix([2], 2, 1), activation });
  return b.build([b.dense('second', x, { kernel: matrix([1, 2], 2, -2) })]);
}

/** A depthwise convolution whose channels differ by a factor of 300, read by a dense layer with its one scale. */
function unevenNetwork(): Network {
  const b = new NetworkBuilder('uneven');
  const kernel = seededParameter([1, 3, 3, 6], 2);
  kernel.data.forEach((weight, i) => {
    kernel.data[i] = weight * [100, 0.3, 30, 1, 3, 10][i % 6]!;
  });
  const dense = seededParameter([4, 96], 3);
  dense.data.forEach((weight, i) => {
    dense.data[i] = weight / [100, 0.3, 30, 1, 3, 10][i % 6]!;
  });
  const x = b.conv2d('conv', b.input([4, 4, 1]), {
    kernel: seededParameter([6, 3, 3, 1], 1),
    bias: seededParameter([6], 4),
    padding: 'same',
    activation: 'relu',
  });
  const y = b.depthwiseConv2d('depthwise', x, { kernel, bias: seededParameter([6], 5), padding: 'same', activation: 'relu' });
  return b.build([b.dense('dense', b.flatten('flatten', y), { kernel: dense })]);
}

describe('cross-layer equalization', () => {
  it('gives both layers the geometric mean of their ranges in each channel', () => {
    // Channel 0: sqrt(8 / 2) = 2; channel 1: sqrt(0.5 / 2) = 0.5.
    const { parameters } = equalizeLayers(twoDense(), new Map());
    expect([...parameters.get('first/kernel')!.data]).toEqual([2, -4, 1, 0.5]);
    expect([...parameters.get('first/bias')!.data]).toEqual([1, 2]);
    expect([...parameters.get('second/kernel')!.data]).toEqual([4, -1]);
  });

  it.each([
    ['uneven', unevenNetwork()],
    ['residual', residualNetwork()],
  ])('leaves what the %s network computes as it was', (_, network) => {
    const deployed = prepareForDeployment(network);
    const x = randomData(16, 3);
    const [expected] = referenceOutputs(deployed, [x]);
    referenceOutputs(equalizeLayers(deployed, new Map()), [x])[0]!.forEach((value, i) => {
      expect(value).toBeCloseTo(expected![i]!, 4);
    });
  });

  it('keeps zeros, even channels of them', () => {
    const network = twoDense();
    const zeroed: Network = { ...network, parameters: new Map([...network.parameters, ['first/kernel', matrix([2, 2], 0, 0, 0, 3)]]) };
    const { parameters } = equalizeLayers(zeroed, new Map());
    expect(zerosAt(parameters.get('first/kernel')!.data)).toEqual([0, 1, 2]);
    expect([...parameters.values()].every(({ data }) => data.every(Number.isFinite))).toBe(true);
  });

  it('stops at relu6, and at kernels on a codebook', () => {
    expect(equalizeLayers(twoDense('relu6'), new Map()).parameters).toEqual(twoDense('relu6').parameters);
    const codebook = {
      kind: 'codebook',
      granularity: { kind: 'tensor' },
      centroids: Float32Array.of(-2, 2),
      clusters: 2,
      zeroPinned: false,
    } as const;
    expect(equalizeLayers(twoDense(), new Map([['second/kernel', [codebook]]])).parameters).toEqual(twoDense().parameters);
  });
});

describe('post-training quantization', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
  });

  /** Mean over the training data of each output, with the kernels as the file's integers stand for them when quantized. */
  async function outputMeans(network: Network): Promise<readonly number[]> {
    const { train } = techniqueContext(engine).data;
    const batch = await train.read(Uint32Array.from({ length: train.size }, (_, i) => i));
    const sums = [0, 0, 0, 0];
    for (let i = 0; i < train.size; i++) {
      executeNetwork(network, [batch.inputs[0]!.subarray(i * 16, i * 16 + 16)])
        .get(network.outputs[0]!)!
        .forEach((value, o) => {
          sums[o] = sums[o]! + value / train.size;
        });
    }
    return sums;
  }

  function rounded(quantized: QuantizedNetwork): Network {
    const parameters = new Map(quantized.network.parameters);
    for (const [id, { scales, axis }] of quantized.weights) {
      const { shape } = parameters.get(id)!;
      const inner = axis === undefined ? Infinity : shape.slice(axis + 1).reduce((product, n) => product * n, 1);
      parameters.set(id, {
        shape,
        data: Float32Array.from(integersOf(quantized, id), (integer, i) => integer * scales[Math.floor(i / inner) % scales.length]!),
      });
    }
    return { ...quantized.network, parameters };
  }

  const distance = (a: readonly number[], b: readonly number[]): number => Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

  it('loses less with layers equalized, as by default, where channels differ widely', async () => {
    const network = unevenNetwork();
    const expected = await outputMeans(network);
    const plain = await outputMeans(
      rounded(await quantize(trainedModel(network), techniqueContext(engine), { crossLayerEqualization: false })),
    );
    const equalized = await outputMeans(rounded(await quantize(trainedModel(network), techniqueContext(engine))));
    expect(distance(equalized, expected)).toBeLessThan(distance(plain, expected) / 2);
  });

  it('corrects biases and gives outliers up where the network has batch norms, unless it is told otherwise', async () => {
    const context = techniqueContext(engine);
    const model = trainedModel(residualNetwork());
    const byDefault = await quantize(model, context);
    expect(byDefault).toEqual(await quantize(model, context, { observer: { kind: 'squaredError' }, biasCorrection: true }));
    expect(byDefault).not.toEqual(await quantize(model, context, { biasCorrection: false }));
    expect(byDefault).not.toEqual(await quantize(model, context, { observer: { kind: 'minMax' } }));
    const plain = trainedModel(unevenNetwork());
    expect(await quantize(plain, context)).toEqual(await quantize(plain, context, { observer: { kind: 'minMax' }, biasCorrection: false }));
  });

  it('keeps the ranges that the model states, unless an observer is chosen', async () => {
    const network = unevenNetwork();
    const [conv = ''] = network.operations.flatMap(({ layer, output }) => (layer === 'conv' ? [output] : []));
    const model = { ...trainedModel(network), ranges: new Map([[conv, { minimum: 0, maximum: 12.75 }]]) };
    const context = techniqueContext(engine);
    const { activations } = await quantize(model, context);
    expect(activations.get(conv)).toEqual({ scale: Math.fround(0.05), zeroPoint: -128, type: 'int8' });
    expect(context.warnings).toEqual([
      '1 of 4 ranges of activations are those that the model states; an "observer" in the recipe calibrates all of them',
    ]);
    const calibrated = await quantize(model, techniqueContext(engine), { observer: { kind: 'minMax' } });
    expect(calibrated).toEqual(await quantize(trainedModel(network), techniqueContext(engine), { observer: { kind: 'minMax' } }));
  });

  it('with biases corrected gives the mean of the float network where the layer is linear', async () => {
    const b = new NetworkBuilder('linear');
    const network = b.build([b.dense('dense', b.flatten('flatten', b.input([4, 4, 1])), { kernel: seededParameter([4, 16], 3) })]);
    const expected = await outputMeans(network);
    const corrected = await quantize(trainedModel(network), techniqueContext(engine), { biasCorrection: true });
    const plain = await quantize(trainedModel(network), techniqueContext(engine));
    expect(distance(await outputMeans(rounded(plain)), expected)).toBeGreaterThan(1e-5);
    expect(distance(await outputMeans(rounded(corrected)), expected)).toBeLessThan(1e-6);
    expect(kernelData(corrected.network, 'dense/kernel')).toEqual(kernelData(network, 'dense/kernel'));
  });
});
