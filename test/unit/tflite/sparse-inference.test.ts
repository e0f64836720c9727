import { describe, expect, it } from 'vitest';
import { importTflite } from '../../../src/core/import/tflite/import-tflite.ts';
import { certify } from '../../../src/core/measure/certify.ts';
import { kernelTensors } from '../../../src/core/measure/kernel-tensors.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { findSparsePart, type SparsePart } from '../../../src/core/network/sparse-inference/sparse-part.ts';
import { createRandom } from '../../../src/core/random.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { compressRows, densify } from '../../../src/core/tflite/sparsity.ts';
import { storedValues } from '../../../src/core/tflite/tensor-values.ts';
import { uprightModel } from '../../../src/core/tflite/upright-model.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { referenceOutputs } from '../network/reference-executor.ts';
import { randomMobileNet, type StridePadding, withZeros } from '../network/sparse-networks.ts';
import { randomInputs } from './operation-networks.ts';
import { quantizeByReference } from './quantized-reference.ts';
import { largestDifference, runFloat } from './run-tflite.ts';

const paddings: readonly StridePadding[] = ['same', 'behind', 'around'];

function sparseNetwork(seed: number, padding: StridePadding): { readonly network: Network; readonly part: SparsePart } {
  const network = randomMobileNet(seed, padding);
  const { part } = findSparsePart(network);
  if (part === undefined) throw new Error('the network cannot run sparse');
  return { network: withZeros(network, part, 0.8), part };
}

const cases = paddings.flatMap((padding) => [1, 2, 3, 4].map((seed) => [padding, seed] as const));

describe('compressed rows', () => {
  it('hold what is not zero, row by row', () => {
    const { sparsity, values } = compressRows(Float32Array.of(0, 1, 0, 2, 0, 0, 0, 0, 3, 0, 0, 4), [3, 1, 1, 4]);
    expect([...values]).toEqual([1, 2, 3, 4]);
    expect(sparsity.dimensions.at(-1)).toEqual({ format: 'csr', segments: [0, 2, 2, 4], indices: [1, 3, 0, 3] });
  });

  it('are made dense again, whatever the shape', () => {
    const random = createRandom(3);
    for (let n = 0; n < 200; n++) {
      const shape = [1 + random.integer(9), 1, 1, 1 + random.integer(400)];
      const share = random.next();
      const data = Float32Array.from({ length: (shape[0] ?? 1) * (shape[3] ?? 1) }, () => (random.next() < share ? 0 : random.normal()));
      const { sparsity, values } = compressRows(data, shape);
      expect(Float32Array.from(densify(Float64Array.from(values), shape, sparsity, 'kernel'))).toEqual(data);
    }
  });
});

describe('a file for sparse inference', () => {
  it.each(cases)('computes what the network does in LiteRT (padding %s, seed %i)', async (padding, seed) => {
    const { network, part } = sparseNetwork(seed, padding);
    const inputs = randomInputs(network, seed);
    const [expected = []] = referenceOutputs(network, inputs);
    for (const kind of ['float', 'float16'] as const) {
      const [found = new Float32Array()] = await runFloat(writeTflite({ kind, network, sparse: part }), inputs);
      expect(largestDifference(found, expected)).toBeLessThan(kind === 'float' ? 1e-4 : 5e-3);
    }
  });

  it.each(cases)('gives the dense weights and the same function when it is imported (padding %s, seed %i)', (padding, seed) => {
    const { network, part } = sparseNetwork(seed, padding);
    const imported = importTflite(writeTflite({ kind: 'float', network, sparse: part }), 'sparse.tflite').network;
    const kernels = (from: Network): readonly Float32Array[] =>
      from.operations.flatMap((operation) =>
        'kernel' in operation ? [from.parameters.get(operation.kernel)?.data ?? new Float32Array()] : [],
      );
    expect(kernels(imported)).toEqual(kernels(network));
    const inputs = randomInputs(network, seed);
    const [expected = []] = referenceOutputs(network, inputs);
    const [found = []] = referenceOutputs(imported, inputs);
    expect(largestDifference(found, expected)).toBeLessThan(1e-6);
    expect(findSparsePart(prepareForDeployment(imported)).part?.pointwise).toHaveLength(part.pointwise.length);
  });

  it('stores pointwise kernels sparse, in indices of a byte, and is smaller for it', () => {
    const { network, part } = sparseNetwork(1, 'same');
    const [graph] = readTflite(writeTflite({ kind: 'float', network, sparse: part })).subgraphs;
    const sparse = graph?.tensors.filter(({ sparsity }) => sparsity !== undefined) ?? [];
    expect(sparse.map(({ name }) => name).sort()).toEqual(part.pointwise.map(({ kernel }) => kernel).sort());
    for (const tensor of sparse) expect(Float32Array.from(storedValues(tensor))).toEqual(network.parameters.get(tensor.name)?.data);
    expect(graph?.operators.filter(({ name }) => name === 'DENSIFY')).toHaveLength(sparse.length);
  });

  it('keeps float32 in the sparse part of a float16 file', () => {
    const { network, part } = sparseNetwork(2, 'around');
    const [graph] = readTflite(writeTflite({ kind: 'float16', network, sparse: part })).subgraphs;
    const types = new Map(graph?.tensors.map(({ name, type }) => [name, type]));
    expect(types.get('head/kernel')).toBe('float32');
    expect(types.get('classes/kernel')).toBe('float16');
  });

  it.each(paddings)('compares with files that store kernels as they are (padding %s)', (padding) => {
    const { network, part } = sparseNetwork(3, padding);
    const sparse = writeTflite({ kind: 'float', network, sparse: part });
    const dense = writeTflite({ kind: 'float', network });
    const quantized = quantizeByReference(
      network,
      [1, 2].map((seed) => randomInputs(network, seed)),
    );
    const integers = writeTflite({ kind: 'integer', quantized, inputType: 'int8', outputType: 'int8' });
    expect(kernelTensors(uprightModel(readTflite(sparse))).map(({ values }) => values)).toEqual(
      kernelTensors(readTflite(dense)).map(({ values }) => values),
    );
    expect(certify({ bytes: sparse, parent: dense }).passed).toBe(true);
    expect(certify({ bytes: integers, parent: sparse }).passed).toBe(true);
  });
});

describe('a model that turns its image', () => {
  it('stays as it is where an operator of another kind reads the turned image', () => {
    const { network, part } = sparseNetwork(1, 'same');
    const model = readTflite(writeTflite({ kind: 'float', network, sparse: part }));
    const [graph] = model.subgraphs;
    if (graph === undefined) throw new Error('no graph');
    const changed = {
      ...model,
      subgraphs: [
        {
          ...graph,
          operators: graph.operators.map((operator) => (operator.name === 'PAD' ? { ...operator, name: 'MIRROR_PAD' } : operator)),
        },
      ],
    };
    expect(uprightModel(changed)).toBe(changed);
    expect(uprightModel(model)).not.toBe(model);
  });

  it('is not looked for in files that turn nothing', () => {
    const { network } = sparseNetwork(1, 'around');
    const model = readTflite(writeTflite({ kind: 'float', network }));
    expect(uprightModel(model)).toBe(model);
  });
});
