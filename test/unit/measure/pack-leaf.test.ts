import { describe, expect, it } from 'vitest';
import { certify } from '../../../src/core/measure/certify.ts';
import { packLeaf } from '../../../src/core/measure/pack-leaf.ts';
import { mnistCnn } from '../../../src/core/models/mnist-cnn.ts';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { packedSize, unpackTflite } from '../../../src/core/tflite/pack/pack-tflite.ts';
import { serializeTflite } from '../../../src/core/tflite/serialize-tflite.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { packableModel } from '../tflite/pack/packable-model.ts';

describe('the packed form of a leaf', () => {
  it('is certified kernel by kernel, and decodes to the leaf', () => {
    const leaf = serializeTflite(packableModel({ values: 16, sparsity: 0.5 }));
    const packed = packLeaf(leaf, 'small');
    const { passed, checks } = certify({ bytes: leaf, expectations: { weights: [], fullInteger: false }, packed });
    expect(passed).toBe(true);
    expect(checks.map(({ property }) => property)).toEqual(['operators', ...Array.from({ length: 3 }, () => 'decoded integers')]);
    expect(packed?.length).toBe(packedSize(leaf, 'small'));
    expect(Buffer.compare(unpackTflite(packed ?? leaf), leaf)).toBe(0);
  });

  it('does not exist for files that compute in float, nor where nothing gets smaller', () => {
    expect(packLeaf(writeTflite({ kind: 'float', network: prepareForDeployment(mnistCnn({ seed: 1 })) }), 'small')).toBeUndefined();
    expect(packLeaf(serializeTflite(packableModel({ values: 250, sparsity: 0 })), 'fast')).toBeUndefined();
  });
});
