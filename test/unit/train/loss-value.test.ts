import { describe, expect, it } from 'vitest';
import type { ActivationFunction } from '../../../src/core/network/operations.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { lossValue } from '../../../src/core/train/loss-value.ts';

describe('lossValue', () => {
  it.each<readonly [ActivationFunction, 'crossEntropy' | 'binaryCrossEntropy' | 'meanSquaredError' | 'meanAbsoluteError', boolean]>([
    ['softmax', 'crossEntropy', true],
    ['logSoftmax', 'crossEntropy', true],
    ['sigmoid', 'crossEntropy', false],
    ['sigmoid', 'binaryCrossEntropy', true],
    ['logSoftmax', 'meanSquaredError', false],
    ['sigmoid', 'meanAbsoluteError', false],
  ])('of a network that ends in %s, for %s: the logits are taken: %s', (name, kind, takesLogits) => {
    const builder = new NetworkBuilder('net');
    const logits = builder.dense('fc', builder.input([3]), { kernel: { shape: [2, 3], data: new Float32Array(6) } });
    const output = builder.activation('out', logits, name);
    expect(lossValue(builder.build([output]), kind)).toBe(takesLogits ? logits : output);
  });
});
