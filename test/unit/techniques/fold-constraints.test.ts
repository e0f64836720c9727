import { describe, expect, it } from 'vitest';
import type { Codebook, IntegerGrid, Sparsity } from '../../../src/core/constraints/constraint.ts';
import { gridScales } from '../../../src/core/constraints/integer-grid.ts';
import { projectWeights } from '../../../src/core/constraints/composition.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { prepareModelForDeployment } from '../../../src/core/techniques/fold-constraints.ts';
import { referenceOutputs } from '../network/reference-executor.ts';
import { randomData } from '../fixtures/random-data.ts';
import { filled, seededParameter } from '../train/training-fixtures.ts';
import { kernelData, mixedNorm, valuesPerChannel, zerosAt } from './technique-fixtures.ts';

const shape = [6, 3, 3, 2];
const kernel = seededParameter(shape, 21);
const sparsity: Sparsity = { kind: 'sparsity', mask: Uint8Array.from(kernel.data, (_, i) => (i % 3 === 0 ? 0 : 1)) };
const shared: Codebook = {
  kind: 'codebook',
  granularity: { kind: 'tensor' },
  centroids: Float32Array.of(-0.5, -0.2, 0, 0.1, 0.4),
  clusters: 5,
  zeroPinned: true,
};

function folded(
  constraints: readonly (Sparsity | Codebook | IntegerGrid)[],
  gamma?: Float32Array,
): { before: Network; after: ReturnType<typeof prepareModelForDeployment> } {
  const b = new NetworkBuilder('conv-bn');
  const projected = { shape, data: projectWeights(kernel.data, shape, constraints) };
  const norm = mixedNorm(6, 1);
  const x = b.conv2d('conv', b.input([4, 4, 2]), { kernel: projected, padding: 'same' });
  const before = b.build([b.batchNorm('bn', x, gamma === undefined ? norm : { ...norm, gamma: { shape: [6], data: gamma } })]);
  return {
    before,
    after: prepareModelForDeployment({ network: before, constraints: new Map([['conv/kernel', constraints]]), ranges: undefined }),
  };
}

describe('folding batch norms under constraints', () => {
  it('keeps zeros where the mask has them, and the mask', () => {
    const { after } = folded([sparsity]);
    expect(zerosAt(kernelData(after.network, 'conv/kernel'))).toEqual(zerosAt(sparsity.mask));
    expect(after.constraints.get('conv/kernel')).toEqual([sparsity]);
  });

  it('gives a shared codebook the factor of each channel as its unit, negative ones too', () => {
    const { before, after } = folded([sparsity, shared]);
    const data = kernelData(after.network, 'conv/kernel');
    const original = kernelData(before, 'conv/kernel');
    expect(valuesPerChannel(data, shape, 0)).toBeLessThanOrEqual(5);
    const codebook = after.constraints.get('conv/kernel')?.find(({ kind }) => kind === 'codebook');
    expect(codebook).toMatchObject({ centroids: shared.centroids, units: { granularity: { kind: 'channel', axis: 0 } } });
    const units = codebook?.kind === 'codebook' ? codebook.units!.scales : new Float32Array(0);
    const { data: gamma } = before.parameters.get('bn/gamma')!;
    const { data: variance } = before.parameters.get('bn/variance')!;
    units.forEach((unit, c) => {
      expect(unit).toBeCloseTo(gamma[c]! / Math.sqrt(variance[c]! + 1e-3), 5);
    });
    expect([...units].some((unit) => unit < 0)).toBe(true);
    data.forEach((weight, i) => {
      expect(weight).toBeCloseTo(original[i]! * units[Math.floor(i / 18)]!, 5);
    });
  });

  it('scales the codebooks of channels themselves, still in ascending order', () => {
    const centroids = Float32Array.from({ length: 18 }, (_, i) => [-0.4, 0, 0.3][i % 3]! * (1 + Math.floor(i / 3)));
    const { after } = folded([{ kind: 'codebook', granularity: { kind: 'channel', axis: 0 }, centroids, clusters: 3, zeroPinned: true }]);
    const [codebook] = after.constraints.get('conv/kernel')!;
    expect(valuesPerChannel(kernelData(after.network, 'conv/kernel'), shape, 0)).toBeLessThanOrEqual(3);
    if (codebook?.kind !== 'codebook') throw new Error('the codebook is gone');
    for (let c = 0; c < 6; c++) {
      const own = [...codebook.centroids.slice(c * 3, c * 3 + 3)];
      expect(own).toEqual([...own].sort((p, q) => p - q));
      expect(own[1]).toBe(0);
    }
  });

  it('scales the integer grid of each channel, so that the integers stay but for the sign', () => {
    const granularity = { kind: 'channel', axis: 0 } as const;
    const grid: IntegerGrid = { kind: 'integerGrid', granularity, scales: gridScales(kernel.data, shape, { granularity }) };
    const { before, after } = folded([grid]);
    const [scaled] = after.constraints.get('conv/kernel') ?? [];
    if (scaled?.kind !== 'integerGrid') throw new Error('the grid is gone');
    const { data: gamma } = before.parameters.get('bn/gamma')!;
    const { data: variance } = before.parameters.get('bn/variance')!;
    scaled.scales.forEach((scale, c) => {
      expect(scale / (grid.scales[c]! * Math.abs(gamma[c]! / Math.sqrt(variance[c]! + 1e-3)))).toBeCloseTo(1, 5);
    });
    kernelData(after.network, 'conv/kernel').forEach((weight, i) => {
      const c = Math.floor(i / 18);
      const integer = Math.round(kernelData(before, 'conv/kernel')[i]! / grid.scales[c]!);
      expect(weight / scaled.scales[c]!).toBeCloseTo(Math.sign(gamma[c]!) * integer, 3);
    });
  });

  it('computes the same function', () => {
    const { before, after } = folded([sparsity, shared]);
    const x = randomData(32, 5);
    const [expected] = referenceOutputs(before, [x]);
    referenceOutputs(after.network, [x])[0]!.forEach((value, i) => {
      expect(value).toBeCloseTo(expected![i]!, 4);
    });
  });

  it('silences a channel whose gamma is zero', () => {
    const { after } = folded([shared], Float32Array.of(1, 0, -1, 1, 1, 1));
    const data = kernelData(after.network, 'conv/kernel');
    expect(data.slice(18, 36).every((weight) => weight === 0)).toBe(true);
    expect(data.every(Number.isFinite)).toBe(true);
  });

  it('keeps constraints of a kernel that two batch norms share, in each of its copies', () => {
    const b = new NetworkBuilder('shared');
    const dense = { shape: [3, 3], data: Float32Array.of(0, 1, 2, 3, 0, 5, 6, 7, 0) };
    const once = b.batchNorm('bn1', b.dense('shared', b.input([3]), { kernel: dense }), mixedNorm(3, 1));
    const network = b.build([b.batchNorm('bn2', b.dense('shared', once, { kernel: dense }), mixedNorm(3, 2))]);
    const mask = Uint8Array.from(dense.data, (weight) => (weight === 0 ? 0 : 1));
    const after = prepareModelForDeployment({
      network,
      constraints: new Map([['shared/kernel', [{ kind: 'sparsity', mask }]]]),
      ranges: undefined,
    });
    const kernels = after.network.operations.flatMap((operation) => (operation.kind === 'dense' ? [operation.kernel] : []));
    expect(new Set(kernels).size).toBe(2);
    for (const id of kernels) {
      expect(after.constraints.get(id)).toEqual([{ kind: 'sparsity', mask }]);
      expect(zerosAt(kernelData(after.network, id))).toEqual([0, 4, 8]);
    }
  });

  it('leaves a network without batch norms as it is', () => {
    const b = new NetworkBuilder('plain');
    const data = projectWeights(kernel.data, shape, [shared]);
    const network = b.build([b.conv2d('conv', b.input([4, 4, 2]), { kernel: { shape, data }, bias: filled([6], 1) })]);
    const after = prepareModelForDeployment({ network, constraints: new Map([['conv/kernel', [shared]]]), ranges: undefined });
    expect(after.constraints.get('conv/kernel')).toEqual([shared]);
    expect(kernelData(after.network, 'conv/kernel')).toEqual(data);
  });
});
