/** Constraints through whole paths of the deployment tree, counted in the integers that the file will hold. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { certify } from '../../../src/core/measure/certify.ts';
import { quantizeTrained } from '../../../src/core/techniques/quantization-aware-training.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import type { OptimizedModel } from '../../../src/core/techniques/technique.ts';
import { apply, quantize } from '../../support/apply-technique.ts';
import {
  briefly,
  integersOf,
  kernelData,
  kernelIds,
  techniqueContext,
  trainedModel,
  valuesPerChannel,
  zerosAt,
} from './technique-fixtures.ts';

const clusters = 4;
const depthwise = { includeDepthwise: true } as const;
const axisOf = (id: string): number => (id === 'depthwise/kernel' ? 3 : 0);
const shapeOf = (model: OptimizedModel, id: string): readonly number[] => model.network.parameters.get(id)!.shape;

let engine: Engine;
let pruned: OptimizedModel;
let clustered: OptimizedModel;
let prunedClustered: OptimizedModel;

beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
  const context = techniqueContext(engine);
  pruned = await apply('pruning', trainedModel(), context, { ...briefly, ...depthwise, sparsity: 0.5 });
  clustered = await apply('clustering', trainedModel(), context, { ...briefly, ...depthwise, clusters });
  prunedClustered = await apply('sparsity-preserving-clustering', pruned, context, { ...briefly, ...depthwise, clusters });
});

describe('a pruned model', () => {
  it('has exactly half of each kernel at zero, depthwise kernels included', () => {
    for (const id of kernelIds) expect(zerosAt(kernelData(pruned.network, id))).toHaveLength(kernelData(pruned.network, id).length / 2);
  });

  it.each([
    ['PQAT', 'pqat'],
    ['post-training quantization', undefined],
  ] as const)('keeps its zeros where they were under %s', async (_, technique) => {
    const quantized =
      technique === undefined
        ? await quantize(pruned, techniqueContext(engine))
        : quantizeTrained(await apply(technique, pruned, techniqueContext(engine), briefly));
    for (const id of kernelIds) {
      const zeros = new Set(zerosAt(integersOf(quantized, id)));
      for (const i of zerosAt(kernelData(pruned.network, id))) expect(zeros.has(i)).toBe(true);
    }
  });

  it('loses zeros under plain quantization-aware training and plain clustering', async () => {
    const quantized = quantizeTrained(await apply('qat', pruned, techniqueContext(engine), briefly));
    const again = await apply('clustering', pruned, techniqueContext(engine), { ...briefly, clusters });
    for (const id of ['conv/kernel', 'dense/kernel']) {
      const before = zerosAt(kernelData(pruned.network, id)).length;
      expect(zerosAt(integersOf(quantized, id)).length).toBeLessThan(before);
      expect(zerosAt(kernelData(again.network, id)).length).toBeLessThan(before);
    }
  });
});

describe('a clustered model', () => {
  it('has at most the asked number of values in each kernel', () => {
    for (const id of kernelIds) expect(new Set(kernelData(clustered.network, id)).size).toBeLessThanOrEqual(clusters);
  });

  it('keeps them under CQAT in every channel of the residual network, though batch norms were folded', async () => {
    const quantized = quantizeTrained(await apply('cqat', clustered, techniqueContext(engine), briefly));
    for (const id of kernelIds)
      expect(valuesPerChannel(integersOf(quantized, id), shapeOf(clustered, id), axisOf(id))).toBeLessThanOrEqual(clusters);
    expect(new Set(integersOf(quantized, 'dense/kernel')).size).toBeLessThanOrEqual(clusters);
  });

  it('keeps them under post-training quantization', async () => {
    const quantized = await quantize(clustered, techniqueContext(engine));
    for (const id of kernelIds)
      expect(valuesPerChannel(integersOf(quantized, id), shapeOf(clustered, id), axisOf(id))).toBeLessThanOrEqual(clusters);
  });

  it('has other values where the Fisher information of the weights decides which errors count', async () => {
    const context = techniqueContext(engine);
    const weighted = await apply('clustering', trainedModel(), context, { ...briefly, ...depthwise, clusters, weighting: 'fisher' });
    for (const id of kernelIds) expect(new Set(kernelData(weighted.network, id)).size).toBeLessThanOrEqual(clusters);
    expect(kernelData(weighted.network, 'dense/kernel')).not.toEqual(kernelData(clustered.network, 'dense/kernel'));
  });

  it('loses them under plain quantization-aware training', async () => {
    const quantized = quantizeTrained(await apply('qat', clustered, techniqueContext(engine), briefly));
    for (const id of kernelIds)
      expect(valuesPerChannel(integersOf(quantized, id), shapeOf(clustered, id), axisOf(id))).toBeGreaterThan(clusters);
  });

  it('per channel keeps the values of each channel under CQAT', async () => {
    const perChannel = await apply('clustering', trainedModel(), techniqueContext(engine), {
      ...briefly,
      ...depthwise,
      clusters: 3,
      granularity: 'channel',
    });
    const quantized = quantizeTrained(await apply('cqat', perChannel, techniqueContext(engine), briefly));
    for (const id of ['conv/kernel', 'pointwise/kernel', 'depthwise/kernel']) {
      expect(valuesPerChannel(integersOf(quantized, id), shapeOf(perChannel, id), axisOf(id))).toBeLessThanOrEqual(3);
    }
    expect(new Set(integersOf(quantized, 'pointwise/kernel')).size).toBeGreaterThan(3);
  });

  it('on the integer grid has the same integers after quantization, in the whole kernel', async () => {
    const onGrid = await apply('clustering', trainedModel(), techniqueContext(engine), {
      ...briefly,
      ...depthwise,
      clusters,
      integerGrid: true,
    });
    for (const quantized of [
      await quantize(onGrid, techniqueContext(engine)),
      quantizeTrained(await apply('cqat', onGrid, techniqueContext(engine), briefly)),
    ]) {
      for (const id of kernelIds) expect(new Set(integersOf(quantized, id)).size).toBeLessThanOrEqual(clusters);
    }
  });
});

describe('a pruned and clustered model', () => {
  it('has the zeros of the pruned one and at most the asked number of values, zero among them', () => {
    for (const id of kernelIds) {
      const data = kernelData(prunedClustered.network, id);
      const zeros = new Set(zerosAt(data));
      for (const i of zerosAt(kernelData(pruned.network, id))) expect(zeros.has(i)).toBe(true);
      expect(new Set(data).size).toBeLessThanOrEqual(clusters);
    }
  });

  it('keeps both under PCQAT, and no kernel collapses to zeros', async () => {
    const quantized = quantizeTrained(await apply('pcqat', prunedClustered, techniqueContext(engine), briefly));
    for (const id of kernelIds) {
      const integers = integersOf(quantized, id);
      const zeros = new Set(zerosAt(integers));
      for (const i of zerosAt(kernelData(pruned.network, id))) expect(zeros.has(i)).toBe(true);
      expect(valuesPerChannel(integers, shapeOf(prunedClustered, id), axisOf(id))).toBeLessThanOrEqual(clusters);
      // Upstream's PCQAT gave whole 1x1 convolutions of zeros.
      expect(zeros.size).toBeLessThan(integers.length * 0.9);
    }
  });

  it('has as many zeros where its masks moved, some of them elsewhere, and PCQAT keeps those', async () => {
    const options = { ...briefly, steps: 40, learningRate: 0.05, restoreBest: false, clusters, movingMasks: true, reconstruction: false };
    const moved = await apply('sparsity-preserving-clustering', pruned, techniqueContext(engine), options);
    const places = kernelIds.filter((id) => id !== 'depthwise/kernel');
    for (const id of places) {
      const [before, after] = [pruned, moved].map(({ network }) => zerosAt(kernelData(network, id)));
      expect(after!.length).toBeGreaterThanOrEqual(before!.length);
      expect(new Set(kernelData(moved.network, id)).size).toBeLessThanOrEqual(clusters);
    }
    expect(places.some((id) => zerosAt(kernelData(pruned.network, id)).some((at) => kernelData(moved.network, id)[at] !== 0))).toBe(true);
    const quantized = quantizeTrained(await apply('pcqat', moved, techniqueContext(engine), briefly));
    for (const id of places) {
      const zeros = new Set(zerosAt(integersOf(quantized, id)));
      for (const at of zerosAt(kernelData(moved.network, id))) expect(zeros.has(at)).toBe(true);
    }
  });

  it('has no masks to move where none are inherited', async () => {
    const options = { ...briefly, clusters, movingMasks: true };
    await expect(apply('clustering', pruned, techniqueContext(engine), options)).rejects.toThrow('without inherited zeros');
  });

  it('loses one or the other under the techniques that preserve only one', async () => {
    const pqat = quantizeTrained(await apply('pqat', prunedClustered, techniqueContext(engine), briefly));
    expect(valuesPerChannel(integersOf(pqat, 'dense/kernel'), shapeOf(pruned, 'dense/kernel'), 0)).toBeGreaterThan(clusters);
    const plain = quantizeTrained(await apply('qat', prunedClustered, techniqueContext(engine), briefly));
    expect(zerosAt(integersOf(plain, 'dense/kernel')).length).toBeLessThan(
      zerosAt(kernelData(prunedClustered.network, 'dense/kernel')).length,
    );
  });
});

/** Counted in the integers of the file, on a residual network with 1x1 and depthwise convolutions and batch norms. */
describe('what fails upstream', () => {
  it('#979: PCQAT leaves no 1x1 convolution without weights, and no output channel that had some', async () => {
    const quantized = quantizeTrained(await apply('pcqat', prunedClustered, techniqueContext(engine), briefly));
    const before = kernelData(prunedClustered.network, 'pointwise/kernel');
    const integers = integersOf(quantized, 'pointwise/kernel');
    // PCQAT takes no weight but those that were zero: none of the centroids rounds to zero.
    expect(zerosAt(integers)).toEqual(zerosAt(before));
    const weightsOf = (data: ArrayLike<number>, channel: number): number =>
      Array.from(data)
        .slice(channel * 6, channel * 6 + 6)
        .filter((value) => value !== 0).length;
    const channels = [0, 1, 2, 3, 4, 5];
    expect(channels.map((channel) => weightsOf(before, channel))).not.toContain(0);
    expect(channels.map((channel) => weightsOf(integers, channel))).toEqual(channels.map((channel) => weightsOf(before, channel)));
  });

  it('#1056: CQAT keeps the clusters of every convolution of a residual network, through its batch norms', async () => {
    const quantized = quantizeTrained(await apply('cqat', clustered, techniqueContext(engine), { ...briefly, steps: 30 }));
    for (const id of ['conv/kernel', 'pointwise/kernel']) {
      const before = kernelData(clustered.network, id);
      const after = integersOf(quantized, id);
      const perChannel = after.length / (shapeOf(clustered, id)[0] ?? 1);
      expect(valuesPerChannel(after, shapeOf(clustered, id), 0)).toBeLessThanOrEqual(clusters);
      expect(valuesPerChannel(before, shapeOf(clustered, id), 0)).toBeGreaterThan(1);
      expect(perChannel).toBeGreaterThan(clusters);
    }
  });

  it('#1132: depthwise kernels are clustered, and pruned N:M, in files that certify it', async () => {
    const structure = { kind: 'groups', zeros: 2, group: 4 } as const;
    const sparse = await apply('pruning', trainedModel(), techniqueContext(engine), { ...briefly, ...depthwise, structure });
    const both = await apply('sparsity-preserving-clustering', sparse, techniqueContext(engine), { ...briefly, ...depthwise, clusters });
    const aware = await apply('pcqat', both, techniqueContext(engine), briefly);
    const bytes = writeTflite({ kind: 'integer', quantized: quantizeTrained(aware), inputType: 'int8', outputType: 'int8' });
    const layers = ['conv', 'pointwise', 'depthwise', 'dense'];
    const { passed, checks } = certify({
      bytes,
      expectations: {
        weights: layers.map((layer) => ({ layer, uniqueValuesPerChannel: clusters, group: { zeros: 2, groupSize: 4 } })),
        fullInteger: true,
      },
    });
    expect(checks.filter((check) => !check.passed)).toEqual([]);
    expect(passed).toBe(true);
  });
});

describe('one layer without zeros', () => {
  it('does not switch sparsity off for the others', async () => {
    const rules = [{ pattern: 'pointwise', exclude: ['pruning' as const] }];
    const partly = await apply('pruning', trainedModel(), techniqueContext(engine), { ...briefly, sparsity: 0.5 }, rules);
    const both = await apply('sparsity-preserving-clustering', partly, techniqueContext(engine), { ...briefly, clusters });
    const quantized = quantizeTrained(await apply('pcqat', both, techniqueContext(engine), briefly));
    for (const id of ['conv/kernel', 'dense/kernel']) {
      const zeros = new Set(zerosAt(integersOf(quantized, id)));
      for (const i of zerosAt(kernelData(partly.network, id))) expect(zeros.has(i)).toBe(true);
    }
    expect(valuesPerChannel(integersOf(quantized, 'pointwise/kernel'), shapeOf(both, 'pointwise/kernel'), 0)).toBeLessThanOrEqual(clusters);
  });
});

describe('techniques', () => {
  it('give the same weights for the same seed', async () => {
    const again = await apply('sparsity-preserving-clustering', pruned, techniqueContext(engine), { ...briefly, ...depthwise, clusters });
    for (const id of kernelIds) expect(kernelData(again.network, id)).toEqual(kernelData(prunedClustered.network, id));
  });
});

describe('zeros that clustering added to those of pruning', () => {
  it('are held by PCQAT too', async () => {
    // A wide step around zero: the codebook takes weights that pruning left.
    const entropyCoded = await apply('sparsity-preserving-clustering', pruned, techniqueContext(engine), {
      ...briefly,
      clusters: 3,
      rateWeight: 4,
    });
    const quantized = quantizeTrained(
      await apply('pcqat', entropyCoded, techniqueContext(engine), { ...briefly, learningRate: 0.2, steps: 40 }),
    );
    let added = 0;
    for (const id of kernelIds) {
      const before = zerosAt(kernelData(entropyCoded.network, id));
      added += before.length - zerosAt(kernelData(pruned.network, id)).length;
      const after = new Set(zerosAt(integersOf(quantized, id)));
      expect(before.filter((i) => !after.has(i))).toEqual([]);
    }
    expect(added).toBeGreaterThan(0);
  });
});
