import { describe, expect, it } from 'vitest';
import { createRandom, type Random } from '../../../../src/core/random.ts';
import { decodeTensor } from '../../../../src/core/tflite/pack/decode-tensor.ts';
import { huffmanScheme } from '../../../../src/core/tflite/pack/huffman.ts';
import { lutScheme } from '../../../../src/core/tflite/pack/lut.ts';
import { packableTensor, type PackableTensor } from '../../../../src/core/tflite/pack/packable-tensor.ts';
import { pruneScheme } from '../../../../src/core/tflite/pack/prune.ts';
import type { EncodedTensor, PackScheme } from '../../../../src/core/tflite/pack/scheme.ts';
import type { Quantization, TfliteTensor } from '../../../../src/core/tflite/tflite-model.ts';

const perTensor: Quantization = { scales: [0.5], zeroPoints: [0], axis: 0 };

function kernel(
  values: ArrayLike<number>,
  shape: readonly number[],
  quantization = perTensor,
  type: 'int8' | 'int16' = 'int8',
): TfliteTensor {
  const integers = type === 'int8' ? Int8Array.from(values) : Int16Array.from(values);
  const data = new Uint8Array(integers.buffer);
  return { name: 'kernel', shape, shapeSignature: undefined, type, quantization, sparsity: undefined, isVariable: false, data };
}

function packable(tensor: TfliteTensor): PackableTensor {
  const found = packableTensor(tensor);
  if (found === undefined) throw new Error('not packable');
  return found;
}

function encode(scheme: PackScheme, tensor: TfliteTensor): EncodedTensor | undefined {
  return scheme.encode(packable(tensor));
}

function decode({ encoded, ancillary }: EncodedTensor, tensor: TfliteTensor): Uint8Array {
  return decodeTensor({ encoded, ancillary, output: { ...tensor, data: undefined } });
}

describe('the bytes of each scheme, by hand', () => {
  it('a lookup table: indices from the highest bit on, values after the header', () => {
    const encoded = encode(lutScheme, kernel([7, -2, 7, 5, 5], [5]));
    // Indices 0 1 0 2 2 of two bits: 00 01 00 10, 10 and six bits of padding.
    expect(Array.from(encoded?.encoded ?? [])).toEqual([0b00010010, 0b10000000]);
    expect(Array.from(encoded?.ancillary ?? [])).toEqual([0, 1, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0xfe, 5]);
  });

  it('a lookup table for each channel, as long as the longest', () => {
    const rows = { scales: [1, 2], zeroPoints: [0, 0], axis: 0 };
    const encoded = encode(lutScheme, kernel([4, 4, 4, 9, 8, 9], [2, 3], rows));
    expect(Array.from(encoded?.encoded ?? [])).toEqual([0b00001000]);
    expect(Array.from(encoded?.ancillary.subarray(5) ?? [])).toEqual([1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 9, 8]);
  });

  it('a lookup table for each element of the last dimension of a depthwise kernel', () => {
    const columns = { scales: [1, 2], zeroPoints: [0, 0], axis: 1 };
    const encoded = encode(lutScheme, kernel([1, 9, 2, 9, 1, 9], [3, 2], columns));
    expect(Array.from(encoded?.encoded ?? [])).toEqual([0b00100000]);
    expect(Array.from(encoded?.ancillary.subarray(16) ?? [])).toEqual([1, 2, 9, 0]);
  });

  it('a mask of what is not the zero point, and the weights that are not', () => {
    const quantization = { scales: [1, 1], zeroPoints: [0, 3], axis: 0 };
    const encoded = encode(pruneScheme, kernel([0, 3, -1, 0, 3, 0, 3, 3, 3, 7], [2, 5], quantization));
    // First channel: 0 3 -1 0 3 with zero point 0; second: 0 3 3 3 7 with 3.
    expect(Array.from(encoded?.encoded ?? [])).toEqual([0b01101100, 0b01000000]);
    expect(Array.from(encoded?.ancillary ?? [])).toEqual([2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0xff, 3, 0, 7]);
  });

  it('Huffman words in big-endian words of 32 bits, one word more, and the smallest tables', () => {
    // 5 four times, 6 twice, 7 and 8 once: words 0, 10, 110, 111, 14 bits in all.
    const encoded = encode(huffmanScheme, kernel([5, 5, 6, 7, 5, 8, 6, 5], [8]));
    expect(Array.from(encoded?.encoded ?? [])).toEqual([0b00101100, 0b11110000, 0, 0, 0, 0, 0, 0]);
    // Three tables of two entries take six, one of two with one of four too, one of eight takes eight; the widest of
    // equals comes first: four entries (5, 5, 6, on to the next table), then two (7, 8).
    const symbol = (value: number, bits: number): number => 0x8000 | (bits << 11) | value;
    const entries = [symbol(5, 1), symbol(5, 1), symbol(6, 2), (0 << 11) | 1, symbol(7, 1), symbol(8, 1)];
    expect(Array.from(encoded?.ancillary ?? [])).toEqual([
      ...[1, 1, 0, 0, 1, 1 << 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      ...entries.flatMap((entry) => [entry & 0xff, entry >> 8]),
    ]);
  });

  it('a kernel of one value takes a bit for each weight', () => {
    for (const scheme of [lutScheme, huffmanScheme]) {
      const tensor = kernel(new Int8Array(64).fill(9), [64]);
      const encoded = encode(scheme, tensor);
      expect(encoded?.encoded.length).toBe(scheme === lutScheme ? 8 : 12);
      if (encoded !== undefined) expect(decode(encoded, tensor)).toEqual(tensor.data);
    }
  });
});

describe('what a scheme cannot store', () => {
  it('129 values do not fit a lookup table, 128 do', () => {
    const values = Array.from({ length: 129 }, (_, i) => i - 64);
    expect(encode(lutScheme, kernel(values, [129]))).toBeUndefined();
    expect(encode(lutScheme, kernel(values.slice(1), [128]))?.ancillary.length).toBe(16 + 128);
  });

  it('129 values of which no channel has more than 128 do', () => {
    const values = Array.from({ length: 258 }, (_, i) => Math.floor(i / 2) - 64);
    expect(encode(lutScheme, kernel(values, [2, 129], { scales: [1, 1], zeroPoints: [0, 0], axis: 0 }))?.details).toMatch(/7-bit/);
  });

  it('scales along a dimension in the middle have no table, but Huffman words need none', () => {
    const tensor = kernel([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2], { scales: [1, 2], zeroPoints: [0, 0], axis: 1 });
    expect(encode(lutScheme, tensor)).toBeUndefined();
    expect(encode(pruneScheme, tensor)).toBeUndefined();
    expect(encode(huffmanScheme, tensor)).toBeDefined();
  });

  it('nothing but int8 and int16 constants with quantization is packed', () => {
    const tensor = kernel([1, 2], [2]);
    expect(packableTensor({ ...tensor, quantization: undefined })).toBeUndefined();
    expect(packableTensor({ ...tensor, data: undefined })).toBeUndefined();
    expect(packableTensor({ ...tensor, type: 'float32' })).toBeUndefined();
    expect(packableTensor({ ...tensor, shape: [0], data: new Uint8Array() })).toBeUndefined();
  });
});

/** Kernels as they come: of few values or many, mostly zero or not at all, whole or odd in size, per tensor and per channel. */
function randomKernel(random: Random): TfliteTensor {
  const type = random.next() < 0.85 ? 'int8' : 'int16';
  const reach = type === 'int8' ? 128 : 2 ** random.integer(16);
  const rank = 1 + random.integer(4);
  const shape = Array.from({ length: rank }, () => 1 + random.integer(rank === 1 ? 300 : 9));
  const levels = Array.from({ length: 1 + random.integer(2 ** random.integer(9)) }, () => random.integer(2 * reach) - reach);
  const axis = random.next() < 0.5 ? 0 : rank - 1;
  const channels = random.next() < 0.4 ? 1 : (shape[axis] ?? 1);
  const zeroPoints = Array.from({ length: channels }, () => (type === 'int8' && random.next() < 0.2 ? random.integer(256) - 128 : 0));
  const sparsity = random.next();
  const skew = 1 + 5 * random.next();
  const values = Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () =>
    random.next() < sparsity ? (zeroPoints[0] ?? 0) : (levels[Math.floor(levels.length * random.next() ** skew)] ?? 0),
  );
  return kernel(values, shape, { scales: zeroPoints.map(() => 1), zeroPoints, axis: channels === 1 ? 0 : axis }, type);
}

describe('the decoder, which shares no code with the encoders', () => {
  it('gives 10,000 random tensors back, of every scheme, index width, type and axis', () => {
    const random = createRandom(20);
    const seen = new Map<string, number>();
    for (let i = 0; i < 10_000; i++) {
      const tensor = randomKernel(random);
      for (const scheme of [lutScheme, pruneScheme, huffmanScheme]) {
        const encoded = encode(scheme, tensor);
        if (encoded === undefined) continue;
        if (Buffer.compare(decode(encoded, tensor), tensor.data ?? new Uint8Array()) !== 0)
          expect(decode(encoded, tensor)).toEqual(tensor.data);
        const { channels, channelDimension } = packable(tensor);
        const width = scheme === lutScheme ? ` ${(encoded.ancillary[5] ?? 0) & 7}` : '';
        const kind = `${scheme.name}${width} ${tensor.type} ${channels === 1 ? 'whole' : channelDimension}`;
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
      }
    }
    for (const type of ['int8', 'int16'])
      for (const channels of ['whole', 'first', 'last'])
        for (const scheme of ['prune', 'huffman', ...[1, 2, 3, 4, 5, 6, 7].map((width) => `lut ${width}`)])
          expect(seen.get(`${scheme} ${type} ${channels}`) ?? 0, `${scheme} ${type} ${channels}`).toBeGreaterThan(0);
  }, 240_000);

  it('takes words of 31 bits, for values whose counts grow as the Fibonacci numbers do', () => {
    const counts = [1, 1];
    while (counts.length < 24) counts.push((counts.at(-1) ?? 0) + (counts.at(-2) ?? 0));
    const tensor = kernel(
      counts.flatMap((count, value) => Array.from({ length: count }, () => value)),
      [counts.reduce((sum, count) => sum + count, 0)],
    );
    const encoded = encode(huffmanScheme, tensor);
    if (encoded === undefined) throw new Error('not encoded');
    expect(Buffer.compare(decode(encoded, tensor), tensor.data ?? new Uint8Array())).toBe(0);
  });

  it('comes close to the entropy of the values', () => {
    const random = createRandom(3);
    const values = Int8Array.from({ length: 20_000 }, () => Math.round(random.normal() * 12));
    const counts = new Map<number, number>();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    const entropy = [...counts.values()].reduce((sum, count) => sum - (count / values.length) * Math.log2(count / values.length), 0);
    const bits = ((encode(huffmanScheme, kernel(values, [values.length]))?.encoded.length ?? 0) * 8) / values.length;
    expect(bits).toBeGreaterThan(entropy);
    expect(bits).toBeLessThan(entropy + 0.05);
  });
});

describe('damaged packed data', () => {
  const tensor = kernel([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8], [12]);
  const output = { ...tensor, data: undefined };
  const of = (scheme: PackScheme): EncodedTensor => {
    const encoded = encode(scheme, tensor);
    if (encoded === undefined) throw new Error('not encoded');
    return encoded;
  };

  it.each([
    ['no header', { encoded: new Uint8Array(8), ancillary: new Uint8Array(4) }, /4 bytes, not 16/],
    ['a new version', { ...of(lutScheme), ancillary: of(lutScheme).ancillary.with(1, 2) }, /version 2\.1/],
    ['a new scheme', { ...of(lutScheme), ancillary: of(lutScheme).ancillary.with(0, 9) }, /scheme 9/],
    ['indices that are missing', { ...of(lutScheme), encoded: of(lutScheme).encoded.subarray(0, 4) }, /too few/],
    ['a table that is too short', { ...of(lutScheme), ancillary: of(lutScheme).ancillary.subarray(0, 18) }, /outside its table/],
    ['indices of no bits', { ...of(lutScheme), ancillary: of(lutScheme).ancillary.with(5, 0) }, /0 bits/],
    ['weights that are missing', { ...of(pruneScheme), ancillary: of(pruneScheme).ancillary.subarray(0, 20) }, /more weights than/],
    ['a tree that is cut', { ...of(huffmanScheme), ancillary: of(huffmanScheme).ancillary.subarray(0, 18) }, /outside its tables/],
    [
      'a table that leads to itself',
      { encoded: new Uint8Array(64), ancillary: Uint8Array.from([1, 1, 0, 0, 1, ...new Array<number>(15).fill(0)]) },
      /end before/,
    ],
    ['words that are missing', { ...of(huffmanScheme), encoded: of(huffmanScheme).encoded.subarray(0, 3) }, /end before/],
  ])('%s', (_name, damaged, message) => {
    expect(() => decodeTensor({ ...damaged, output })).toThrow(message);
  });

  it('never asks for more memory than the file has bits', () => {
    expect(() => decodeTensor({ ...of(lutScheme), output: { ...output, shape: [2 ** 20, 2 ** 20] } })).toThrow(/too few/);
  });
});
