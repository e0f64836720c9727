import { deflateSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { withTexts, withoutTexts } from '../../../src/core/tflite/compact-texts.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { serializeTflite } from '../../../src/core/tflite/serialize-tflite.ts';
import type { TfliteModel, TfliteTensor } from '../../../src/core/tflite/tflite-model.ts';
import { packableModel } from './pack/packable-model.ts';

const model = packableModel({ values: 16, sparsity: 0.5 });

/** Names that JSON must escape, metadata of any bytes, and what the runtime itself reads. */
const named: TfliteModel = {
  ...model,
  description: 'a "model"\n of 张',
  signatures: [{ key: 'serving_default', subgraph: 0, inputs: [{ name: 'image', tensor: 0 }], outputs: [{ name: 'class', tensor: 0 }] }],
  metadata: [
    { name: 'OfflineMemoryAllocation', data: Uint8Array.of(1, 2, 3, 4) },
    { name: 'bytes', data: Uint8Array.from({ length: 256 }, (_, i) => i) },
  ],
  subgraphs: model.subgraphs.map((graph) => ({
    ...graph,
    tensors: graph.tensors.map((tensor, i): TfliteTensor => ({ ...tensor, name: `layer/${i}\n"${tensor.name}"` })),
  })),
};

describe('a file laid out for flash', () => {
  it('gives the same model when it is read', () => {
    const read = readTflite(serializeTflite(named, { layout: 'compact' }));
    expect(read).toEqual({ ...readTflite(serializeTflite(named)), isForFlash: true });
    expect(read.metadata.map(({ name }) => name)).toEqual(['OfflineMemoryAllocation', 'bytes']);
  });

  it('is smaller than the plain one, and so is one whose tensors have long names', () => {
    const bytes = (from: TfliteModel): number => serializeTflite(from, { layout: 'compact' }).length;
    const longNamed = { ...model, subgraphs: named.subgraphs };
    expect(bytes(model)).toBeLessThan(serializeTflite(model).length);
    expect(bytes(longNamed) - bytes(model)).toBeLessThan((serializeTflite(longNamed).length - serializeTflite(model).length) / 2);
  });

  it('has equal tables once', () => {
    const withZeroPoint = (zeroPoint: (tensor: number) => number): number =>
      serializeTflite(
        {
          ...model,
          subgraphs: model.subgraphs.map((graph) => ({
            ...graph,
            tensors: graph.tensors.map((tensor, i) =>
              tensor.data === undefined ? { ...tensor, quantization: { scales: [0.5], zeroPoints: [zeroPoint(i)], axis: 0 } } : tensor,
            ),
          })),
        },
        { layout: 'compact' },
      ).length;
    // A quantization is a table of 12 bytes and a zero point of 12; three tensors are computed.
    expect(withZeroPoint((tensor) => tensor) - withZeroPoint(() => 3)).toBeGreaterThanOrEqual(2 * 24 - 16);
  });

  it('keeps data at multiples of 16', () => {
    const bytes = serializeTflite(named, { layout: 'compact' });
    for (const { data } of readTflite(bytes).subgraphs[0]?.tensors ?? [])
      if (data !== undefined) expect((data.byteOffset - bytes.byteOffset) % 16).toBe(0);
  });
});

describe('the compressed texts', () => {
  const damagedBy = (texts: unknown): TfliteModel => ({
    ...withoutTexts(named),
    metadata: [
      { name: 'espalier', data: texts instanceof Uint8Array ? texts : deflateSync(new TextEncoder().encode(JSON.stringify(texts))) },
    ],
  });

  it('come back as they were', () => {
    const { metadata, ...rest } = withTexts(withoutTexts(named));
    expect({ ...rest, metadata }).toEqual({ ...named, isForFlash: true });
  });

  it.each<[string, unknown]>([
    ['no deflate', Uint8Array.of(255, 255, 255)],
    ['no list', 'text'],
    ['a signature of a subgraph that is not there', ['', [['key', 7, [], []]], [], []]],
    ['a signature of a tensor that is not there', ['', [['key', 0, [['x', 999]], []]], [], []]],
    ['a name that is a number', ['', [], [], [[1, 2]]]],
  ])('are refused when they are damaged: %s', (_, texts) => {
    expect(() => withTexts(damagedBy(texts))).toThrow(/its compressed names are damaged: .*; pack the plain file again/);
  });
});
