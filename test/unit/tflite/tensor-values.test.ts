import { describe, expect, it } from 'vitest';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { serializeTflite } from '../../../src/core/tflite/serialize-tflite.ts';
import { decodeFloat16, encodeFloat16 } from '../../../src/core/float16.ts';
import { realValues } from '../../../src/core/tflite/tensor-values.ts';
import type { TfliteTensor } from '../../../src/core/tflite/tflite-model.ts';
import { sparseModel } from './sparse-model.ts';

const tensor: TfliteTensor = {
  name: 't',
  shape: [2, 2],
  shapeSignature: undefined,
  type: 'int8',
  quantization: undefined,
  sparsity: undefined,
  isVariable: false,
  data: undefined,
};

describe('the numbers of a constant', () => {
  it('spreads compressed rows', () => {
    const stored = readTflite(serializeTflite(sparseModel)).subgraphs[0]?.tensors[0];
    expect(Array.from(realValues(stored ?? tensor))).toEqual([0, 1, 0, 2, 0, 0, 0, 0, 3, 0, 0, 4]);
  });

  it('spreads 2x2 blocks', () => {
    const data = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
    const sparsity = {
      traversalOrder: [0, 1, 2, 3],
      blockMap: [0, 1],
      dimensions: [
        { format: 'dense' as const, size: 1 },
        { format: 'csr' as const, segments: [0, 1], indices: [1] },
        { format: 'dense' as const, size: 2 },
        { format: 'dense' as const, size: 2 },
      ],
    };
    expect(Array.from(realValues({ ...tensor, type: 'float32', shape: [2, 4], sparsity, data }))).toEqual([0, 0, 1, 2, 0, 0, 3, 4]);
  });

  it('scales each channel along its axis', () => {
    const quantization = { scales: [0.5, 2], zeroPoints: [0, 1], axis: 1 };
    expect(Array.from(realValues({ ...tensor, quantization, data: new Uint8Array([2, 3, 254, 1]) }))).toEqual([1, 4, -1, 0]);
  });

  it('unpacks int4, the low half first', () => {
    expect(Array.from(realValues({ ...tensor, type: 'int4', shape: [3], data: new Uint8Array([0x8f, 0x07]) }))).toEqual([-1, -8, 7]);
  });
});

describe('float16', () => {
  it.each([
    [0, 0],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [1e6, 0x7bff],
    [2 ** -24, 1],
    [2 ** -14, 0x0400],
    [0.333251953125, 0x3555],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
  ])('encodes %d', (value, half) => {
    expect(encodeFloat16(value)).toBe(half);
  });

  it('gives every finite half back', () => {
    for (let half = 0; half < 0x7c00; half++) expect(encodeFloat16(decodeFloat16(half))).toBe(half);
  });
});
