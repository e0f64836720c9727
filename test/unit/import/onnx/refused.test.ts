import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareWithOriginal } from '../../../../src/core/measure/compare-with-original.ts';
import { createEngine } from '../../../../src/core/engine/create-engine.ts';
import { openInputs } from '../../../../src/core/import/import-model.ts';
import { importFiles, inTemporaryFolder } from '../keras-model-files.ts';
import { importCompared, importOnnxBytes } from './compared.ts';
import { OnnxWriter } from './onnx-model.ts';

describe('what an ONNX model cannot be imported for', () => {
  it('names every operator that is not supported, with node, inputs, count and remedy', async () => {
    const model = new OnnxWriter();
    let x = model.node('Relu', [model.input('x', ['n', 3, 8, 8])]);
    for (let i = 0; i < 3; i++) x = model.node('GridSample', [x, model.weight([1, 8, 8, 2])], {}, `sampled${i}`);
    model.node('ArgMax', [model.node('Softmax', ['x'], { axis: 0 }, 'over')], { axis: 1 }, 'best');
    model.output('best').output(x);
    const error: unknown = await importOnnxBytes(model.bytes()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'unsupported-model' });
    expect(String(error).split('\n')).toEqual([
      'EspalierError: model.onnx: 5 nodes cannot be converted:',
      '  GridSample is not supported (node "GridSample/sampled0", inputs [1, 3, 8, 8] [1, 8, 8, 2], and 2 more like it): replace the layer by others, or train a copy of the network without it',
      '  Softmax over the batch is not supported (node "Softmax/over", inputs [1, 3, 8, 8]): apply it to one example at a time',
      '  ArgMax is not supported (node "ArgMax/best", inputs ?): export the network without its post-processing, which stays on the processor of the application',
    ]);
  });

  it.each<readonly [string, (model: OnnxWriter) => unknown, RegExp, number]>([
    [
      'a batch that is mixed with other axes',
      (model) => model.output(model.node('Reshape', [model.input('x', [4, 6]), model.integers([3, 8])])),
      /Reshape of \[4, 6\] to \[3, 8\] mixes the batch of 4 with other axes/,
      17,
    ],
    [
      'open dimensions',
      (model) => model.output(model.node('Relu', [model.input('x', ['n', 3, 'height', 'width'])])),
      /input "x": has open dimensions \(height, width\) in \[n, 3, height, width\]; give the shape of one example \(--input-shape/,
      17,
    ],
    [
      'an operator set of 2016',
      (model) => model.output(model.node('Relu', [model.input('x', ['n', 3])])),
      /uses operator set 6; 7 and later are read/,
      6,
    ],
    [
      'a graph that reads what it does not compute',
      (model) => model.output(model.node('Relu', ['y'])) && model.input('x', ['n', 3]),
      /node "Relu\/Relu_0": reads "y", which nothing before it computes/,
      17,
    ],
    ['no inputs', (model) => model.output(model.node('Relu', [model.weight([2])])), /has no inputs/, 17],
    [
      'an output that is constant',
      (model) => model.input('x', ['n', 3]) && model.output(model.node('Relu', [model.weight([2])])),
      /output "Relu_1" does not depend on its inputs/,
      17,
    ],
    [
      'text',
      (model) => model.output(model.node('Identity', [model.input('x', ['n', 3], 'bool')])),
      /input "x": takes elements of type 9/,
      17,
    ],
    [
      'control flow',
      (model) => model.output(model.node('Loop', [model.input('x', ['n', 3])])),
      /Loop is not supported .*: export with fixed shapes and by tracing/,
      17,
    ],
    [
      'operators of another domain',
      (model) => model.output(model.node('FusedConv', [model.input('x', ['n', 3])], {}, 'y', 'com.microsoft')),
      /com\.microsoft\.FusedConv is not supported .*standard set in place of those of "com\.microsoft"/,
      17,
    ],
    [
      'rounding',
      (model) => model.output(model.node('Cast', [model.input('x', ['n', 3])], { to: 7 })),
      /Cast of floats to int64 is not supported: it rounds/,
      17,
    ],
    [
      'training mode',
      (model) =>
        model.output(
          model.node('BatchNormalization', [model.input('x', ['n', 3]), ...[1, 2, 3, 4].map(() => model.weight([3]))], {
            training_mode: 1,
          }),
        ),
      /call model\.eval\(\) before exporting/,
      17,
    ],
    [
      'quantized operators',
      (model) => model.output(model.node('QLinearConv', [model.input('x', ['n', 3])])),
      /QLinearConv is not supported .*give the float model/,
      17,
    ],
    [
      'a constant of nonsensical size',
      (model) =>
        model.output(model.node('Add', [model.input('x', ['n', 3]), model.node('ConstantOfShape', [model.integers([2 ** 20, 2 ** 20])])])),
      /would make a constant of shape \[1048576, 1048576\]/,
      17,
    ],
    [
      'an index outside',
      (model) => model.output(model.node('Gather', [model.input('x', ['n', 3]), model.integers([5])], { axis: 1 })),
      /reads index 5 of 3/,
      17,
    ],
  ])('%s', async (_, build, message, opset) => {
    const model = new OnnxWriter();
    build(model);
    await expect(importOnnxBytes(model.bytes({ opset }))).rejects.toThrow(message);
  });

  it('PyTorch checkpoints, with what to do', async () => {
    const zip = Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(26), Buffer.from('model/data.pkl')]);
    await expect(importFiles({ 'model.pt': zip })).rejects.toThrow(/is a PyTorch checkpoint.*torch\.onnx\.export/);
  });

  it('a truncated file', async () => {
    const model = new OnnxWriter();
    model.output(model.node('Gemm', [model.input('x', ['n', 8]), model.weight([8, 8])]));
    await expect(importOnnxBytes(model.bytes().subarray(0, 200))).rejects.toMatchObject({ code: 'invalid-model' });
  });
});

describe('input shapes that are given', () => {
  const model = new OnnxWriter();
  model.output(model.node('Conv', [model.input('x', ['n', 3, 'h', 'w']), model.weight([2, 3, 3, 3])]));

  it('fill open dimensions, with or without the batch', async () => {
    for (const shape of [
      [3, 6, 7],
      [1, 3, 6, 7],
    ]) {
      const { network } = await importCompared(model.bytes(), { inputShapes: [shape] });
      expect(network.values.get('x')?.shape).toEqual([6, 7, 3]);
    }
  });

  it('are asked for: every input with its lengths, open ones as null', async () => {
    const two = new OnnxWriter();
    const image = two.node('Conv', [two.input('image', ['n', 3, 'h', 'w']), two.weight([2, 3, 3, 3])]);
    two.output(two.node('Add', [two.node('GlobalAveragePool', [image]), two.input('bias', ['n', 2, 1, 1])]));
    const askedOf = (written: OnnxWriter): Promise<unknown> =>
      inTemporaryFolder(async (folder) => {
        await writeFile(join(folder, 'model.onnx'), written.bytes());
        return openInputs(join(folder, 'model.onnx'));
      });
    expect(await askedOf(two)).toEqual([
      { name: 'image', shape: [3, null, null] },
      { name: 'bias', shape: [2, 1, 1] },
    ]);
    const fixed = new OnnxWriter();
    fixed.output(fixed.node('Relu', [fixed.input('x', ['n', 4])]));
    expect(await askedOf(fixed)).toEqual([]);
  });

  it.each([
    [[4, 6, 7], /takes \[n, 3, h, w\], but the shape given is \[1, 4, 6, 7\]; only open dimensions can be chosen/],
    [[6, 7], /takes \[n, 3, h, w\], but the shape given is \[6, 7\]/],
  ])('%j does not fit', async (shape, message) => {
    await expect(importOnnxBytes(model.bytes(), { inputShapes: [shape] })).rejects.toThrow(message);
  });
});

describe('comparison with the original', () => {
  it('names the first operator whose result differs', async () => {
    const model = new OnnxWriter();
    const hidden = model.node(
      'Tanh',
      [model.node('Gemm', [model.input('x', ['n', 4]), model.weight([4, 6]), model.weight([6])], {}, 'hidden')],
      {},
      'bent',
    );
    model.output(model.node('Gemm', [hidden, model.weight([6, 2])]));
    const { network, original } = await importOnnxBytes(model.bytes());
    // What an error of the importer would be: a sigmoid in place of the tangent, in the network that was converted and in its result.
    const wrong = (net: typeof network): typeof network => ({
      ...net,
      operations: net.operations.map((operation) => (operation.kind === 'activation' ? { ...operation, function: 'sigmoid' } : operation)),
    });
    const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
    await expect(compareWithOriginal(wrong(network), { ...original!, converted: wrong(original!.converted) }, engine)).rejects.toThrow(
      /^Tanh "Tanh\/bent": the imported network differs from the original in onnxruntime by .* the first operator to differ is Tanh "Tanh\/bent"/,
    );
  });

  it('is left out where onnxruntime does not take the file, and says why', async () => {
    const model = new OnnxWriter();
    model.output(model.node('Relu', [model.input('x', ['n', 4])], { surplus: 1 }));
    const { network, original } = await importOnnxBytes(model.bytes());
    const { examples, skipped } = await compareWithOriginal(
      network,
      original!,
      await createEngine({ name: 'onnxruntime-node', threads: 1 }),
    );
    expect(examples).toBe(0);
    expect(skipped).toMatch(/onnxruntime does not run the model/);
  });
});
