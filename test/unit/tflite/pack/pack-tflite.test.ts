import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { isEspalierError } from '../../../../src/core/errors.ts';
import { packedSize, packTflite, unpackTflite } from '../../../../src/core/tflite/pack/pack-tflite.ts';
import { isPacked } from '../../../../src/core/tflite/pack/unpack-model.ts';
import { readTflite } from '../../../../src/core/tflite/read-tflite.ts';
import { loadRuntime } from '../../../../src/core/tflite/runtime.ts';
import { serializeTflite } from '../../../../src/core/tflite/serialize-tflite.ts';
import type { TfliteModel } from '../../../../src/core/tflite/tflite-model.ts';
import { mutations } from '../../../fuzz/mutations.ts';
import { packableModel } from './packable-model.ts';

const sparseClustered = serializeTflite(packableModel({ values: 16, sparsity: 0.5 }));

describe('a packed file', () => {
  it.each(['small', 'fast'] as const)('for %s is smaller and unpacks to the same bytes', (goal) => {
    const { bytes, undo, kernels } = packTflite(sparseClustered, { goal });
    expect(bytes.length).toBeLessThan(sparseClustered.length * 0.6);
    expect(undo).toBe('same-bytes');
    expect(Buffer.compare(unpackTflite(bytes), sparseClustered)).toBe(0);
    expect(kernels.map(({ scheme }) => scheme)).toEqual(goal === 'small' ? ['huffman', 'huffman', 'huffman'] : ['lut', undefined, 'lut']);
  });

  it('decodes each kernel directly before the operator that reads it, from constants, into a tensor without data', () => {
    const model = readTflite(packTflite(sparseClustered, { goal: 'fast' }).bytes);
    const [graph] = model.subgraphs;
    const names = graph?.operators.map(({ name }) => name);
    expect(names).toEqual(['TFLM_DECODE', 'CONV_2D', 'DEPTHWISE_CONV_2D', 'RESHAPE', 'TFLM_DECODE', 'FULLY_CONNECTED']);
    const [decoder, convolution] = graph?.operators ?? [];
    expect(decoder?.isCustom).toBe(true);
    const tensors = [...(decoder?.inputs ?? []), ...(decoder?.outputs ?? [])].map((index) => graph?.tensors[index]);
    expect(tensors[0]).toMatchObject({ type: 'uint8', shape: [tensors[0]?.data?.length], quantization: undefined });
    expect(tensors[1]).toMatchObject({ type: 'uint8', shape: [tensors[1]?.data?.length], quantization: undefined });
    const [plain] = readTflite(sparseClustered).subgraphs;
    expect(tensors[2]).toEqual({ ...plain?.tensors[1], data: undefined });
    expect(convolution?.inputs[1]).toBe(decoder?.outputs[0]);
  });

  it('holds the data of every buffer at a multiple of 16', () => {
    const { bytes } = packTflite(sparseClustered, { goal: 'small' });
    for (const { data } of readTflite(bytes).subgraphs[0]?.tensors ?? [])
      if (data !== undefined) expect((data.byteOffset - bytes.byteOffset) % 16).toBe(0);
  });

  it('decodes a kernel that two operators share once, before the first of them', () => {
    const model = packableModel({ values: 16, sparsity: 0.5 });
    const shared = serializeTflite(
      withOperators(model, (operators) =>
        operators.flatMap((operator) => (operator.name === 'CONV_2D' ? [operator, operator] : [operator])),
      ),
    );
    const { bytes } = packTflite(shared, { goal: 'small' });
    expect(
      readTflite(bytes)
        .subgraphs[0]?.operators.slice(0, 3)
        .map(({ name }) => name),
    ).toEqual(['TFLM_DECODE', 'CONV_2D', 'CONV_2D']);
    expect(Buffer.compare(unpackTflite(bytes), shared)).toBe(0);
  });

  it('has one code for small kernels whose values are spread alike', () => {
    const { kernels } = packTflite(serializeTflite(packableModel({ values: 60, sparsity: 0.5 })), { goal: 'small' });
    expect(kernels.map(({ scheme, tableBytes }) => [scheme, tableBytes > 0])).toEqual([
      ['huffman', true],
      ['huffman', false],
      ['huffman', false],
    ]);
  });

  it('leaves kernels plain where packing does not pay, and is laid out for flash all the same', () => {
    const noisy = serializeTflite(packableModel({ values: 2000, sparsity: 0 }));
    const { bytes, kernels, undo } = packTflite(noisy, { goal: 'small' });
    expect(kernels.map(({ scheme }) => scheme)).toEqual([undefined, undefined, undefined]);
    expect(bytes.length).toBeLessThan(noisy.length - 1000);
    expect(packedSize(noisy, 'small')).toBe(bytes.length);
    expect(undo).toBe('same-bytes');
    expect(Buffer.compare(unpackTflite(bytes), noisy)).toBe(0);
    expect(packedSize(bytes, 'small')).toBeUndefined();
  });

  it.each([true, false])('is known as packed even without kernels that are, stripped %s', (strip) => {
    const { bytes } = packTflite(serializeTflite(packableModel({ values: 2000, sparsity: 0 })), { goal: 'small', strip });
    expect(isPacked(readTflite(bytes))).toBe(true);
    expect(isPacked(readTflite(unpackTflite(bytes)))).toBe(false);
  });

  it('without names and metadata it is smaller still, and unpacked it runs in LiteRT and computes the same', async () => {
    const { bytes, undo } = packTflite(sparseClustered, { goal: 'small', strip: true });
    expect(bytes.length).toBeLessThan(packTflite(sparseClustered, { goal: 'small' }).bytes.length - 150);
    expect(undo).toBe('equal-model');
    const input = Uint8Array.from({ length: 1024 }, (_, i) => (i * 37) & 255);
    const run = async (file: Uint8Array): Promise<readonly Uint8Array[]> => {
      const interpreter = await (await loadRuntime()).load(file);
      const outputs = await interpreter.run([input]);
      await interpreter.dispose();
      return outputs;
    };
    expect(await run(unpackTflite(bytes))).toEqual(await run(sparseClustered));
  });

  it('has the size that is computed without writing it; a file that nothing makes smaller keeps its own', () => {
    expect(packedSize(sparseClustered, 'small')).toBe(packTflite(sparseClustered, { goal: 'small' }).bytes.length);
    const noisy = serializeTflite(packableModel({ values: 250, sparsity: 0 }));
    expect(packedSize(noisy, 'fast')).toBe(noisy.length);
  });
});

function withOperators(
  model: TfliteModel,
  change: (operators: TfliteModel['subgraphs'][number]['operators']) => TfliteModel['subgraphs'][number]['operators'],
): TfliteModel {
  return { ...model, subgraphs: model.subgraphs.map((graph) => ({ ...graph, operators: change(graph.operators) })) };
}

describe('what cannot be packed is refused with what to do', () => {
  const model = packableModel({ values: 16, sparsity: 0.5 });
  const refusal = (bytes: Uint8Array, goal: 'small' | 'fast' = 'small'): string => {
    try {
      packTflite(bytes, { goal });
    } catch (error) {
      if (isEspalierError(error)) return error.message;
      throw error;
    }
    return 'packed';
  };

  it('a packed file', () => {
    const { bytes } = packTflite(sparseClustered, { goal: 'small' });
    expect(refusal(bytes)).toBe('it is packed already; unpack it first, with `espalier pack --undo`');
    expect(packedSize(bytes, 'small')).toBeUndefined();
  });

  it('a plain file that is to be unpacked', () => {
    expect(() => unpackTflite(sparseClustered)).toThrow(/it is not packed; give a file that `espalier pack` wrote/);
  });

  it('a file that computes in float', () => {
    const [graph] = model.subgraphs;
    const tensors =
      graph?.tensors.map((tensor) => (tensor.name === 'convolution' ? { ...tensor, type: 'float32' as const } : tensor)) ?? [];
    const bytes = serializeTflite({ ...model, subgraphs: model.subgraphs.map((own) => ({ ...own, tensors })) });
    expect(refusal(bytes)).toMatch(/not fully integer: 1 tensors are float, such as "convolution"; quantize it first/);
    expect(packedSize(bytes, 'small')).toBeUndefined();
  });

  it('an operator that TFLite Micro has no kernel for', () => {
    const bytes = serializeTflite(withOperators(model, (operators) => [...operators, { ...operators[2]!, name: 'UNIQUE', options: {} }]));
    expect(refusal(bytes)).toMatch(/TFLite Micro has no kernel for UNIQUE/);
  });

  it('more values than a lookup table holds', () => {
    expect(refusal(serializeTflite(packableModel({ values: 250, sparsity: 0 })), 'fast')).toMatch(
      /none of its 3 kernels gets smaller with a lookup table, which holds at most 128 values a channel; cluster the network, or pack for flash/,
    );
  });
});

describe('a damaged packed file', () => {
  const count = Number(process.env['ESPALIER_FUZZ'] ?? 600);

  it(`unpacks to a model or is refused, ${count} times`, () => {
    const files = (['small', 'fast'] as const).map((goal) => packTflite(sparseClustered, { goal }).bytes);
    let refused = 0;
    for (const bytes of mutations(files, count, 20)) {
      try {
        unpackTflite(bytes);
      } catch (error) {
        if (!isEspalierError(error)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(count / 4);
  }, 120_000);
});

const folder = process.env['ESPALIER_TEST_DATA'];

describe.skipIf(folder === undefined)('real files (ESPALIER_TEST_DATA)', () => {
  const read = (name: string): Uint8Array => new Uint8Array(readFileSync(path.join(folder ?? '', name)));

  it('the pruned and clustered digits take at most 50% of the plain file, 64% decoded quickly, and less than its gzip', () => {
    const plain = read('ethos-u/leaves/digits-pruned-clustered-pcqat.tflite');
    const small = packTflite(plain, { goal: 'small' });
    const fast = packTflite(plain, { goal: 'fast' });
    expect(small.bytes.length / plain.length).toBeLessThan(0.4);
    expect(small.bytes.length).toBeLessThan(gzipSync(plain, { level: 9 }).length);
    expect(fast.bytes.length / plain.length).toBeLessThan(0.57);
    expect([small.undo, fast.undo]).toEqual(['same-bytes', 'same-bytes']);
  });

  it.each([
    ['digits-clustered-cqat', 'lut', 'fast'],
    ['digits-pruned-clustered-pcqat', 'huffman', 'small'],
    ['digits-pruned-pqat', 'prune', 'small'],
  ] as const)('%s as another program packed it (%s) decodes to the plain file, and packed again is no larger', (name, scheme, goal) => {
    const theirs = read(`tflm/packed/${name}.${scheme}.tflite`);
    const plain = unpackTflite(theirs);
    expect(kernelData(plain)).toEqual(kernelData(read(`ethos-u/leaves/${name}.tflite`)));
    expect(packTflite(plain, { goal }).bytes.length).toBeLessThanOrEqual(theirs.length);
  });
});

function kernelData(bytes: Uint8Array): readonly (readonly [string, Buffer])[] {
  return (readTflite(bytes).subgraphs[0]?.tensors ?? []).flatMap(({ name, data, type }) =>
    data === undefined || type !== 'int8' ? [] : [[name.replace('_decoded', ''), Buffer.from(data)] as const],
  );
}
