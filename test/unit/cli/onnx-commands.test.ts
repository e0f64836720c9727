/** An ONNX model at the command line: compared with the original, inspected, converted and measured. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registerConvert } from '../../../src/cli/commands/convert.ts';
import { registerEvaluate } from '../../../src/cli/commands/evaluate.ts';
import { registerInspect } from '../../../src/cli/commands/inspect.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { dataTypes } from '../../../src/core/protobuf/onnx.ts';
import { npyFile } from '../fixtures/npy.ts';
import { randomData } from '../fixtures/random-data.ts';
import { OnnxWriter } from '../import/onnx/onnx-model.ts';
import { runCli, type Ended } from '../../support/run-cli.ts';

let folder: string;
const file = (name: string): string => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-onnx-'));
  const model = new OnnxWriter();
  const convolved = model.node('Conv', [model.input('image', ['n', 2, 'h', 'w']), model.weight([4, 2, 3, 3], 'stem.weight')], {
    pads: [1, 1, 1, 1],
  });
  const pooled = model.node('Flatten', [model.node('GlobalAveragePool', [model.node('Relu', [convolved])])]);
  model.output(model.node('Gemm', [pooled, model.weight([3, 4], 'head.weight')], { transB: 1 }));
  await writeFile(file('model.onnx'), model.bytes());
  await writeFile(file('x.npy'), npyFile([120, 5, 6, 2], randomData(120 * 60, 1)));
  await writeFile(
    file('y.npy'),
    npyFile(
      [120],
      Int32Array.from({ length: 120 }, (_, i) => i % 3),
    ),
  );
  await writeFile(file('data.json'), JSON.stringify({ format: 'npy', trainInputs: 'x.npy', trainLabels: 'y.npy' }));
});
afterEach(() => rm(folder, { recursive: true }));

const espalier = (...args: readonly string[]): Promise<Ended> => runCli([registerInspect, registerConvert, registerEvaluate], args);

describe('an ONNX model at the command line', () => {
  it('is converted to int8, and says how far it is from the original', async () => {
    const { code, out, err } = await espalier(
      'convert',
      file('model.onnx'),
      '-o',
      file('m.tflite'),
      '--mode',
      'int8',
      '--data',
      file('data.json'),
      '--input-shape',
      '2,5,6',
    );
    expect(code).toBe(0);
    expect(out).toMatch(
      /^compared with the original in onnxruntime on 2 random inputs: differs by at most \d\.\de-\d of the range of an output\n.*m\.tflite: int8, /,
    );
    expect(err).toMatch(/input "image" was channels-first \[2, 5, 6\]; it is converted to \[5, 6, 2\]/);
    const [graph] = readTflite(await readFile(file('m.tflite'))).subgraphs;
    expect(graph?.tensors[graph.inputs[0] ?? -1]).toMatchObject({ type: 'int8', shape: [1, 5, 6, 2] });
  });

  it('with QuantizeLinear keeps the ranges that it states, unless an observer is chosen', async () => {
    const model = new OnnxWriter();
    const [scale, zero] = [
      model.floats([0.5], []),
      model.tensor({ name: 'zero', dims: [], dataType: dataTypes.uint8, rawData: Uint8Array.of(128) }),
    ];
    const quantized = model.node('QuantizeLinear', [model.input('image', ['n', 60]), scale, zero]);
    const restored = model.node('DequantizeLinear', [quantized, scale, zero]);
    model.output(model.node('Gemm', [restored, model.weight([3, 60])], { transB: 1 }));
    await writeFile(file('qdq.onnx'), model.bytes());
    await writeFile(file('x.npy'), npyFile([120, 60], randomData(120 * 60, 1)));
    const convert = ['convert', file('qdq.onnx'), '-o', file('q.tflite'), '--mode', 'int8', '--data', file('data.json')];
    const scaleOfInput = async (): Promise<number | undefined> => {
      const [graph] = readTflite(await readFile(file('q.tflite'))).subgraphs;
      return graph?.tensors[graph.inputs[0] ?? -1]?.quantization?.scales[0];
    };
    const stated = await espalier(...convert);
    expect(stated.err).toContain(
      '1 of 2 ranges of activations are those that the model states; choose an observer (minmax) to calibrate all of them',
    );
    expect(await scaleOfInput()).toBeCloseTo(0.5, 6);
    const calibrated = await espalier(...convert, '--observer', 'minmax');
    expect(calibrated.err).not.toContain('states');
    expect(await scaleOfInput()).toBeLessThan(0.1);
  });

  it('with QuantizeLinear needs no data where it states every range', async () => {
    const write = async (name: string, isOutputStated: boolean): Promise<string> => {
      const model = new OnnxWriter();
      const zero = model.tensor({ name: 'zero', dims: [], dataType: dataTypes.uint8, rawData: Uint8Array.of(128) });
      const stated = (value: string, step: number): string => {
        const scale = model.floats([step], []);
        return model.node('DequantizeLinear', [model.node('QuantizeLinear', [value, scale, zero]), scale, zero]);
      };
      const product = model.node('Gemm', [stated(model.input('image', ['n', 6]), 0.5), model.weight([3, 6])], { transB: 1 });
      model.output(isOutputStated ? stated(product, 0.25) : product);
      await writeFile(file(name), model.bytes());
      return file(name);
    };
    const out = file('stated.tflite');
    expect(await espalier('convert', await write('whole.onnx', true), '-o', out, '--mode', 'int8')).toMatchObject({ code: 0 });
    const [graph] = readTflite(await readFile(out)).subgraphs;
    const scaleOf = (ends: readonly number[] | undefined): number => graph?.tensors[ends?.[0] ?? -1]?.quantization?.scales[0] ?? NaN;
    expect([scaleOf(graph?.inputs), scaleOf(graph?.outputs)]).toEqual([0.5, 0.25]);
    expect(await espalier('convert', await write('part.onnx', false), '-o', out, '--mode', 'int8')).toMatchObject({
      code: 2,
      err: expect.stringContaining('the model states the ranges of 1 of 2'),
    });
  });

  it('says how to name a folder of photos', async () => {
    const { code, err } = await espalier('evaluate', file('model.onnx'), '--data', folder, '--input-shape', '2,5,6');
    expect(code).toBe(1);
    expect(err).toBe(
      `error: ${folder}: is a folder, which does not say what the data in it are; give a data block such as { "format": "images", "folder": ${JSON.stringify(folder)}, "preprocessing": { "normalise": "imagenet" } }\n`,
    );
  });

  it('asks for the sizes that are open', async () => {
    const { code, err } = await espalier('inspect', file('model.onnx'));
    expect(code).toBe(1);
    expect(err).toBe(
      'error: model.onnx, input "image": has open dimensions (h, w) in [n, 2, h, w]; give the shape of one example (--input-shape 3,224,224, or "inputShape" in a recipe), or export the model with a fixed one\n',
    );
    expect((await espalier('inspect', file('model.onnx'), '--input-shape', '2,0,6')).code).toBe(2);
  });

  it('is inspected and measured', async () => {
    const inspected = await espalier('inspect', file('model.onnx'), '--input-shape', '2,5,6');
    expect(inspected.out).toMatch(/model\.onnx: onnx, 84 parameters/);
    const measured = await espalier(
      'evaluate',
      file('model.onnx'),
      '--data',
      file('data.json'),
      '--split',
      'train',
      '--input-shape',
      '2,5,6',
    );
    expect(measured.out).toMatch(/top-1 .* examples in onnxruntime-node/);
  });
});
