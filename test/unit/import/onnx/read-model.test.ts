/** How ONNX files hold their weights and graphs, whatever the operators. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../../src/core/engine/create-engine.ts';
import { encodeFloat16 } from '../../../../src/core/float16.ts';
import { importModel } from '../../../../src/core/import/import-model.ts';
import { compareWithOriginal } from '../../../../src/core/measure/compare-with-original.ts';
import { dataTypes } from '../../../../src/core/protobuf/onnx.ts';
import { inTemporaryFolder } from '../keras-model-files.ts';
import { importCompared, importOnnxBytes, kindsOf } from './compared.ts';
import { OnnxWriter } from './onnx-model.ts';

const numbers = [0.5, -1.25, 2, 0.125, -0.75, 3];
const bytesOf = (array: Float32Array | Float64Array | Uint16Array | BigInt64Array): Uint8Array => new Uint8Array(array.buffer);
/** The kernel of the only dense layer, `[out, in]`. */
const kernel = ({ network }: Awaited<ReturnType<typeof importModel>>): readonly number[] => {
  const dense = network.operations.find((operation) => operation.kind === 'dense');
  return [...(network.parameters.get(dense?.kind === 'dense' ? dense.kernel : '')?.data ?? [])];
};

/** `x [n, 3]` times a weight `[3, 2]` that is stored in a way of its own. */
function withWeight(
  tensor: Parameters<OnnxWriter['tensor']>[0],
  prepare: (model: OnnxWriter, weight: string) => string = (_, weight) => weight,
): OnnxWriter {
  const model = new OnnxWriter();
  const x = model.input('x', ['n', 3]);
  model.output(model.node('MatMul', [x, prepare(model, model.tensor(tensor))]));
  return model;
}

describe('weights', () => {
  const expected = [0.5, 2, -0.75, -1.25, 0.125, 3];
  const dims = [3, 2];
  it.each<readonly [string, Parameters<OnnxWriter['tensor']>[0]]>([
    ['raw float32', { name: 'w', dims, dataType: dataTypes.float32, rawData: bytesOf(Float32Array.from(numbers)) }],
    ['listed float32', { name: 'w', dims, dataType: dataTypes.float32, floatData: numbers }],
  ])('%s', async (_, tensor) => {
    expect(kernel(await importCompared(withWeight(tensor).bytes()))).toEqual(expected);
  });

  it.each<readonly [string, Parameters<OnnxWriter['tensor']>[0]]>([
    ['raw float16', { name: 'w', dims, dataType: dataTypes.float16, rawData: bytesOf(Uint16Array.from(numbers, encodeFloat16)) }],
    ['listed float16', { name: 'w', dims, dataType: dataTypes.float16, int32Data: numbers.map(encodeFloat16) }],
    ['raw float64', { name: 'w', dims, dataType: dataTypes.float64, rawData: bytesOf(Float64Array.from(numbers)) }],
    ['listed float64', { name: 'w', dims, dataType: dataTypes.float64, doubleData: numbers }],
    [
      'raw bfloat16',
      {
        name: 'w',
        dims,
        dataType: dataTypes.bfloat16,
        rawData: bytesOf(Uint16Array.from(numbers, (n) => new Uint32Array(Float32Array.of(n).buffer)[0]! >>> 16)),
      },
    ],
    ['int8 with a scale for each column', { name: 'w', dims, dataType: dataTypes.int8, rawData: Uint8Array.from([2, 251, 8, 0, 253, 12]) }],
  ])('%s, cast in the graph', async (name, tensor) => {
    const imported = await importOnnxBytes(
      withWeight(tensor, (model, weight) =>
        name.startsWith('int8')
          ? model.node(
              'DequantizeLinear',
              [
                weight,
                model.floats([0.25, 0.25]),
                model.tensor({ name: 'zero', dims: [2], dataType: dataTypes.int8, rawData: new Uint8Array(2) }),
              ],
              { axis: 1 },
            )
          : model.node('Cast', [weight], { to: dataTypes.float32 }),
      ).bytes(),
    );
    expect(kernel(imported)).toEqual(name.startsWith('int8') ? [0.5, 2, -0.75, -1.25, 0, 3] : expected);
  });

  it('are refused where they do not fill their shape', async () => {
    const short = withWeight({ name: 'w', dims, dataType: dataTypes.float32, rawData: new Uint8Array(20) });
    await expect(importOnnxBytes(short.bytes())).rejects.toThrow('tensor "w": has 20 bytes, its shape [3, 2] needs 24');
    const long = withWeight({ name: 'w', dims, dataType: dataTypes.float32, floatData: [1, 2, 3] });
    await expect(importOnnxBytes(long.bytes())).rejects.toThrow('tensor "w": has 3 elements, its shape [3, 2] needs 6');
    const text = withWeight({ name: 'w', dims, dataType: 8 });
    await expect(importOnnxBytes(text.bytes())).rejects.toThrow('tensor "w": has element type 8');
    const huge = withWeight({ name: 'w', dims: [2 ** 40, 2 ** 40], dataType: dataTypes.float32 });
    await expect(importOnnxBytes(huge.bytes())).rejects.toMatchObject({ code: 'invalid-model' });
  });
});

describe('weights in files beside the model', () => {
  const external = (entries: Readonly<Record<string, string>>): OnnxWriter =>
    withWeight({
      name: 'w',
      dims: [3, 2],
      dataType: dataTypes.float32,
      dataLocation: 1,
      externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
    });

  it('are read from their place, and the comparison finds them, too', () =>
    inTemporaryFolder(async (folder) => {
      await writeFile(join(folder, 'model.onnx'), external({ location: 'model.onnx.data', offset: '8', length: '24' }).bytes());
      await writeFile(join(folder, 'model.onnx.data'), Buffer.concat([Buffer.alloc(8), bytesOf(Float32Array.from(numbers))]));
      const imported = await importModel(join(folder, 'model.onnx'));
      expect(kernel(imported)).toEqual([0.5, 2, -0.75, -1.25, 0.125, 3]);
      const { examples, skipped } = await compareWithOriginal(
        imported.network,
        imported.original!,
        await createEngine({ name: 'onnxruntime-node', threads: 1 }),
      );
      expect([examples, skipped]).toEqual([2, undefined]);
    }));

  it.each<readonly [Readonly<Record<string, string>>, RegExp]>([
    [{ location: 'missing.bin' }, /keeps weights in the file "missing\.bin", which does not exist; copy that file beside the model/],
    [{ location: '../secret.bin' }, /keeps weights in "\.\.\/secret\.bin", which is not in its own folder/],
    [{ location: '/etc/hostname' }, /which is not in its own folder/],
    [{}, /which is not in its own folder/],
    [{ location: 'short.bin' }, /its data are bytes 0 to 24 of "short\.bin", which has 10/],
    [{ location: 'short.bin', offset: '-4', length: '4' }, /its data are bytes -4 to 0/],
    [{ location: 'short.bin', offset: 'x' }, /its data are bytes NaN/],
  ])('%j is refused', (entries, message) =>
    inTemporaryFolder(async (folder) => {
      await writeFile(join(folder, 'model.onnx'), external(entries).bytes());
      await writeFile(join(folder, 'short.bin'), new Uint8Array(10));
      await expect(importModel(join(folder, 'model.onnx'))).rejects.toThrow(message);
    }),
  );
});

describe('models in float16', () => {
  it('become float32, and are compared as float16 allows', async () => {
    const model = new OnnxWriter();
    const half = (values: readonly number[], shape: readonly number[], name: string): string =>
      model.tensor({ name, dims: shape, dataType: dataTypes.float16, rawData: bytesOf(Uint16Array.from(values, encodeFloat16)) });
    const x = model.input('x', ['n', 3], 'float16');
    model.output(model.node('Relu', [model.node('Gemm', [x, half(numbers, [3, 2], 'w'), half([0.5, -0.5], [2], 'b')])]));
    const imported = await importCompared(model.bytes());
    expect(imported.original?.tolerance).toBe(1e-2);
    expect(kernel(imported)).toEqual([0.5, 2, -0.75, -1.25, 0.125, 3]);
  });
});

describe('functions', () => {
  const scaled = {
    name: 'Scaled',
    domain: 'local',
    input: ['a'],
    output: ['b'],
    attribute: ['slope'],
    node: [
      { input: ['a'], output: ['inner'], opType: 'LeakyRelu', attribute: [{ name: 'alpha', type: 1, refAttrName: 'slope' }] },
      { input: ['inner', 'a'], output: ['b'], opType: 'Add' },
    ],
    opsetImport: [{ version: 17 }],
  };

  it('are put in the place of their calls, with names of their own', async () => {
    const model = new OnnxWriter();
    const once = model.node('Scaled', [model.input('x', ['n', 3])], { slope: { float: 0.2 } }, 'first', 'local');
    model.output(model.node('Scaled', [once], { slope: { float: 0.3 } }, 'second', 'local'));
    const imported = await importCompared(model.bytes({ functions: [scaled] }));
    expect(kindsOf(imported)).toEqual(['activation', 'binary', 'activation', 'binary']);
    expect(imported.network.operations.flatMap((operation) => (operation.kind === 'activation' ? [operation.alpha] : []))).toEqual([
      Math.fround(0.2),
      Math.fround(0.3),
    ]);
  });

  it('that call each other without end are refused', async () => {
    const model = new OnnxWriter();
    model.output(model.node('Again', [model.input('x', ['n', 3])], {}, 'y', 'local'));
    const body = [0, 1].map((i) => ({ input: ['a'], output: [i === 0 ? 'b' : 'c'], opType: 'Again', domain: 'local' }));
    const again = { name: 'Again', domain: 'local', input: ['a'], output: ['b'], node: body };
    await expect(importOnnxBytes(model.bytes({ functions: [again] }))).rejects.toThrow('has functions that call each other without end');
  });
});

describe('models in the QDQ format', () => {
  it('are read as the float model that they stand for', async () => {
    const model = new OnnxWriter();
    const zero = (name: string): string => model.tensor({ name, dims: [], dataType: dataTypes.uint8, rawData: Uint8Array.of(128) });
    const paired = (x: string, name: string): string => {
      const [scale, point] = [model.floats([0.05], []), zero(name)];
      return model.node('DequantizeLinear', [model.node('QuantizeLinear', [x, scale, point]), scale, point]);
    };
    const x = paired(model.input('x', ['n', 3]), 'z1');
    const product = model.node('MatMul', [x, model.floats(numbers, [3, 2])]);
    model.output(paired(model.node('Relu', [product]), 'z2'));
    const imported = await importCompared(model.bytes());
    expect(kindsOf(imported)).toEqual(['dense', 'activation']);
    expect(
      [...imported.ranges.values()].map(({ minimum, maximum }) => [minimum, maximum].map((value) => Number(value.toFixed(4)))),
    ).toEqual([
      [-6.4, 6.35],
      [-6.4, 6.35],
    ]);
  });
});

describe('weights that are quantized in the graph', () => {
  it('are what their integers stand for: rounded to even, and cut off', async () => {
    const model = new OnnxWriter();
    const x = model.input('x', ['n', 3]);
    const [scale, zero] = [
      model.floats([0.5], []),
      model.tensor({ name: 'zero', dims: [], dataType: dataTypes.int8, rawData: Uint8Array.of(0) }),
    ];
    const weights = model.floats([0.25, 0.75, -100, 0.3, -0.3, 1], [3, 2]);
    model.output(
      model.node('MatMul', [x, model.node('DequantizeLinear', [model.node('QuantizeLinear', [weights, scale, zero]), scale, zero])]),
    );
    expect(kernel(await importCompared(model.bytes()))).toEqual([0, -64, -0.5, 1, 0.5, 1]);
  });
});

describe('Constant nodes', () => {
  it('hold numbers, lists or tensors', async () => {
    const model = new OnnxWriter();
    const x = model.input('x', ['n', 3]);
    const constants = [
      model.node('Constant', [], { value_float: { float: 2 } }),
      model.node('Constant', [], { value_floats: [1.5, 2.5, 3.5] }),
      model.node('Constant', [], { value: { dims: [1], dataType: dataTypes.float32, floatData: [0.5] } }),
    ];
    const sum = constants.reduce((total, constant) => model.node('Add', [total, constant]), x);
    model.output(model.node('Reshape', [sum, model.node('Constant', [], { value_ints: [-1, 3] })]));
    await importCompared(model.bytes());
  });
});
