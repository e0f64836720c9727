import { describe, expect, it } from 'vitest';
import { certify } from '../../../src/core/measure/certify.ts';
import { kernelDensities } from '../../../src/core/measure/density.ts';
import { quantile } from '../../../src/core/measure/latency.ts';
import { weightMetrics } from '../../../src/core/measure/weight-metrics.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { quantizeNetwork } from '../../../src/core/quantize/quantize-network.ts';
import { planActivations } from '../../../src/core/quantize/plan-activations.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import type { Network } from '../../../src/core/network/network.ts';

/** A dense layer `[2, 4]` with these weights. */
function network(weights: readonly number[]): Network {
  const builder = new NetworkBuilder('small');
  const input = builder.input([4]);
  return builder.build([
    builder.dense('dense', input, {
      kernel: { shape: [2, 4], data: Float32Array.from(weights) },
      bias: { shape: [2], data: new Float32Array(2) },
    }),
  ]);
}

const floatFile = (weights: readonly number[]): Uint8Array => writeTflite({ kind: 'float', network: network(weights) });

function integerFile(weights: readonly number[]): Uint8Array {
  return integerFileOf(network(weights));
}

function integerFileOf(source: Network): Uint8Array {
  const ranges = new Map(planActivations(source).groups.map((group) => [group.id, { minimum: -1, maximum: 1 }]));
  return writeTflite({ kind: 'integer', quantized: quantizeNetwork({ network: source, ranges }), inputType: 'int8', outputType: 'int8' });
}

const sparse = [0, 1, 0, -1, 0.5, 0, 0, 1];

describe('certificate', () => {
  it('counts zeros and unique values in the integers of the file', () => {
    const [metrics] = weightMetrics(readTflite(integerFile(sparse)));
    expect(metrics).toMatchObject({
      layer: 'dense',
      operation: 'FULLY_CONNECTED',
      elements: 8,
      zeros: 4,
      uniqueValues: 4,
      uniqueValuesPerChannel: 3,
    });
  });

  it('passes what holds and names what does not', () => {
    const weights = [{ layer: 'dense', zeros: 4, uniqueValues: 4, uniqueValuesPerChannel: 3, group: { zeros: 2, groupSize: 4 } }];
    expect(certify({ bytes: integerFile(sparse), expectations: { weights, fullInteger: true } })).toMatchObject({ passed: true });
    const verdict = certify({ bytes: integerFile([...sparse.slice(0, 5), 0.2, 0.3, 1]), expectations: { weights } });
    expect(verdict.passed).toBe(false);
    expect(verdict.checks.filter((check) => !check.passed).map((check) => `${check.property}: ${check.found}`)).toEqual([
      'zeros: 2',
      'unique values: 6',
      'unique values per channel: 4',
      'N:M groups: 1 groups with fewer',
    ]);
  });

  it('finds lost zeros and split clusters of the parent, but lets rounding merge clusters', () => {
    const parent = floatFile(sparse);
    expect(certify({ bytes: integerFile(sparse), parent }).passed).toBe(true);
    expect(certify({ bytes: integerFile([0, 1, 0, -1, 1, 0, 0, 1]), parent }).passed).toBe(true);
    const changed = certify({ bytes: integerFile([0.1, 1, 0, -1, 0.5, 0, 0, 1]), parent });
    expect(changed.checks.map((check) => check.found)).toEqual(['1 lost', '1 split']);
  });

  it('counts no rescaling as a kernel, though integers are rescaled by a depthwise convolution', () => {
    const builder = new NetworkBuilder('rescaled');
    const scaled = builder.rescale('before', builder.input([4]), Float32Array.of(0.5, 1, 2, 3), Float32Array.of(1, 0, 0, 1));
    const bytes = integerFileOf(
      builder.build([builder.dense('dense', scaled, { kernel: { shape: [2, 4], data: Float32Array.from(sparse) } })]),
    );
    expect(readTflite(bytes).subgraphs[0]?.operators.map(({ name }) => name)).toContain('DEPTHWISE_CONV_2D');
    expect(weightMetrics(readTflite(bytes)).map(({ layer }) => layer)).toEqual(['dense']);
    // The first kernel of the network is the first of the file.
    expect(certify({ bytes, expectations: { weights: [{ layer: 'dense', kernel: 0, zeros: 4 }] } }).passed).toBe(true);
  });

  it('a float file is not fully integer', () => {
    expect(certify({ bytes: floatFile(sparse), expectations: { weights: [], fullInteger: true } }).passed).toBe(false);
  });

  it('a layer that is not in the file fails', () => {
    expect(certify({ bytes: floatFile(sparse), expectations: { weights: [{ layer: 'other', zeros: 1 }] } }).passed).toBe(false);
  });
});

it('density: integers one bin each, real weights around zero', () => {
  const [integers] = kernelDensities(readTflite(integerFile(sparse)));
  expect(integers).toMatchObject({ axis: 'integer', zeros: 4, elements: 8 });
  expect([integers?.counts[128], integers?.counts[128 + 127], integers?.counts[128 - 127]]).toEqual([4, 2, 1]);
  const [reals] = kernelDensities(network(sparse));
  expect(reals).toMatchObject({ axis: 'weight', layer: 'dense', minimum: -1, maximum: 1, zeros: 4 });
  expect(reals?.counts.reduce((sum, count) => sum + count, 0)).toBe(8);
});

it('quantiles interpolate', () => {
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 0.1)).toBe(2);
});
