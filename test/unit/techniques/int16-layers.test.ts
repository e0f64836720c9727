/** int16 activations of single layers, by rules: which layers get them, what stands in the file, and what LiteRT computes. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { kernelTable } from '../../../src/cli/kernel-table.ts';
import { profileTflite } from '../../../src/core/hardware/profile-tflite.ts';
import { chosenTarget } from '../../../src/core/hardware/targets.ts';
import { certify } from '../../../src/core/measure/certify.ts';
import { kernelTensors } from '../../../src/core/measure/kernel-tensors.ts';
import { weightMetrics } from '../../../src/core/measure/weight-metrics.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { QuantizedNetwork } from '../../../src/core/quantize/quantization.ts';
import { applyTechnique, checkTechnique } from '../../../src/core/techniques/index.ts';
import type { OptimizedModel } from '../../../src/core/techniques/technique.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { loadRuntime } from '../../../src/core/tflite/runtime.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { expectationsOf, withInt16Activations } from '../../../src/core/tree/stages/make-product.ts';
import { stageKey } from '../../../src/core/tree/stage-key.ts';
import type { LayerRule } from '../../../src/shared/recipe/layer-rule.ts';
import type { PostTrainingQuantizationOptions } from '../../../src/shared/recipe/quantization-options.ts';
import { halves, seededParameter } from '../train/training-fixtures.ts';
import { briefly, residualNetwork, techniqueContext, type TestContext, trainedModel } from './technique-fixtures.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
});

type Id = 'ptq' | 'ptq4' | 'qat' | 'pqat';

interface Made {
  readonly bytes: Uint8Array;
  readonly model: OptimizedModel;
  readonly quantized: QuantizedNetwork;
  readonly warnings: readonly string[];
}

async function make(
  technique: Id,
  rules: readonly LayerRule[],
  options: object = {},
  context: TestContext = techniqueContext(engine),
): Promise<Made> {
  const type = 'interface' in options && options.interface === 'float32' ? 'float32' : 'int8';
  const { model, quantized } = await applyTechnique({ technique, options }, trainedModel(), context, rules);
  if (quantized === undefined) throw new Error('nothing was quantized');
  return {
    model,
    quantized,
    bytes: writeTflite({ kind: 'integer', quantized, inputType: type, outputType: type }),
    warnings: context.warnings,
  };
}

const int16 = (...patterns: string[]): LayerRule[] => patterns.map((pattern) => ({ pattern, activations: 'int16' }));

/** Operators with the types that they read and write, without the constants. */
function operatorsOf(bytes: Uint8Array): readonly string[] {
  const [graph] = readTflite(bytes).subgraphs;
  const type = (index: number | undefined): string => graph?.tensors[index ?? -1]?.type ?? '';
  return (graph?.operators ?? []).map(({ name, inputs, outputs }) => `${name} ${type(inputs[0])} ${type(outputs[0])}`);
}

async function run(bytes: Uint8Array): Promise<Float32Array> {
  const {
    inputs: [images = new Float32Array()],
  } = await halves(32, 9).read(Uint32Array.from({ length: 32 }, (_, i) => i));
  const model = await (await loadRuntime()).load(bytes);
  const outputs: number[] = [];
  for (let i = 0; i < 32; i++) {
    const [output] = await model.run([new Uint8Array(images.slice(16 * i, 16 * i + 16).buffer)]);
    outputs.push(...new Float32Array(output!.slice().buffer));
  }
  await model.dispose();
  return Float32Array.from(outputs);
}

describe('int16 activations of single layers', () => {
  it('stand between QUANTIZE operators, and neighbours share a tensor', async () => {
    const { bytes, model, warnings } = await make('ptq', int16('pointwise', 'depthwise'));
    expect(operatorsOf(bytes)).toEqual([
      'CONV_2D int8 int8',
      'QUANTIZE int8 int16',
      'CONV_2D int16 int16',
      'DEPTHWISE_CONV_2D int16 int16',
      'QUANTIZE int16 int8',
      'ADD int8 int8',
      'RESHAPE int8 int8',
      'FULLY_CONNECTED int8 int8',
      'SOFTMAX int8 int8',
    ]);
    expect(warnings).toEqual([
      expect.stringMatching(/^layers "pointwise" read int8 as int16, by a QUANTIZE that LiteRT and TFLite Micro run/),
    ]);
    // What later stages see is the network without conversions.
    expect(model.network.operations.map(({ kind }) => kind)).not.toContain('requantize');
  });

  it('leave files of recipes without such a rule, or with a rule for int8, the same bytes', async () => {
    const { bytes } = await make('ptq', []);
    expect((await make('ptq', [{ pattern: '*', activations: 'int8' }])).bytes).toEqual(bytes);
    expect((await make('ptq', [...int16('conv'), { pattern: 'c*', activations: 'int8' }])).bytes).toEqual(bytes);
  });

  it('of the whole file but its input and output are those of an int16 file, closer to the float network than int8', async () => {
    const options: PostTrainingQuantizationOptions = { interface: 'float32', crossLayerEqualization: false, biasCorrection: false };
    const [int8, mixed, whole] = [
      await make('ptq', [], options),
      await make('ptq', int16('depthwise', 'dense'), options),
      await make('ptq', int16('*'), options),
    ];
    const file16 = await make('ptq', [], { ...options, activations: 'int16' });
    expect(operatorsOf(whole.bytes)).toEqual(operatorsOf(file16.bytes));
    const reference = await run(file16.bytes);
    const error = async (bytes: Uint8Array): Promise<number> =>
      (await run(bytes)).reduce((sum, value, i) => sum + (value - (reference[i] ?? 0)) ** 2, 0);
    const [errorInt8, errorMixed, errorWhole] = [await error(int8.bytes), await error(mixed.bytes), await error(whole.bytes)];
    expect(errorMixed).toBeLessThan(errorInt8);
    expect(errorWhole).toBeLessThan(errorMixed / 100);
  });

  it('name layers for which they change nothing', async () => {
    const { warnings } = await make('ptq', int16('pointwise'));
    const isIdle = (text: string): boolean => text.includes('change nothing');
    expect(warnings.filter(isIdle)).toEqual([expect.stringMatching(/^int16 activations of layers "pointwise" change nothing/)]);
    expect((await make('ptq', int16('dense'))).warnings.filter(isIdle)).toEqual([]);
    // From a float32 input on, nothing has to become int16.
    expect((await make('ptq', int16('conv', 'pointwise'), { interface: 'float32' })).warnings).toEqual([]);
  });

  it('do not go with 4-bit weights: such a layer keeps int8 and is named', async () => {
    const { bytes, warnings } = await make('ptq4', int16('depthwise', 'dense'));
    expect(operatorsOf(bytes).filter((text) => text.includes('int16'))).toEqual([]);
    expect(warnings).toEqual([
      'layers "depthwise", "dense" keep int8 activations: TFLite Micro has no kernels for 4-bit weights with int16 activations; ' +
        'a rule with "bits": 8 lets them have int16',
    ]);
    const eight = await make('ptq4', [...int16('depthwise', 'dense'), { pattern: 'dense', bits: 8 }]);
    expect(kernelTensors(readTflite(eight.bytes)).map(({ tensor }) => tensor.type)).toEqual(['int4', 'int4', 'int4', 'int8']);
    expect(operatorsOf(eight.bytes)).toContain('FULLY_CONNECTED int16 int16');
  });

  it('leave the rules for bits alone', async () => {
    const rules: LayerRule[] = [{ pattern: 'dense', exclude: ['4-bit'] }, ...int16('dense')];
    expect(kernelTensors(readTflite((await make('ptq4', rules)).bytes)).map(({ tensor }) => tensor.type)).toEqual([
      'int4',
      'int4',
      'int4',
      'int8',
    ]);
  });

  it('take the range of all joined values where the model states those of what is joined', async () => {
    const b = new NetworkBuilder('joined');
    const input = b.input([4, 4, 1]);
    const [narrow, broad] = ['narrow', 'broad'].map((name, i) => b.conv2d(name, input, { kernel: seededParameter([2, 1, 1, 1], i) }));
    const joined = b.concat('concat', [narrow ?? '', broad ?? ''], 2);
    const network = b.build([b.dense('dense', b.flatten('flatten', joined), { kernel: seededParameter([2, 64], 3) })]);
    const range = (limit: number) => ({ minimum: -limit, maximum: limit });
    const scaleOf = async (stated: readonly (readonly [string, number])[]): Promise<number> => {
      const model = { ...trainedModel(network), ranges: new Map(stated.map(([name, limit]) => [name, range(limit)])) };
      const { quantized } = await applyTechnique({ technique: 'ptq', options: {} }, model, techniqueContext(engine), int16('dense'));
      return quantized?.activations.get('flatten/int16')?.scale ?? NaN;
    };
    expect(
      await scaleOf([
        ['narrow', 10],
        ['broad', 40],
      ]),
    ).toBe(Math.fround(40 / 32767));
    // Where one is missing, all are calibrated.
    expect(await scaleOf([['narrow', 10]])).toBe(await scaleOf([]));
  });

  it('are trained with in QAT', async () => {
    const { bytes, model } = await make('qat', int16('pointwise', 'depthwise'), briefly);
    expect(operatorsOf(bytes)).toEqual(operatorsOf((await make('ptq', int16('pointwise', 'depthwise'))).bytes));
    // Values that change their type have ranges of their own, which training moves.
    expect([...(model.ranges?.keys() ?? [])].filter((id) => id.includes('/int'))).toEqual(['relu1/int16', 'bn3/int8']);
    const whole = await make('qat', int16('*'), { ...briefly, interface: 'float32' });
    const rounded = await run(whole.bytes);
    expect(new Set(rounded).size).toBeGreaterThan(20);
  });

  it('are kept by PQAT where quantization without training validates better', async () => {
    const base = techniqueContext(engine);
    const context: TestContext = { ...base, parentTrained: true, data: { ...base.data, validation: halves(100, 9) } };
    const ruinous = { steps: 6, batchSize: 16, learningRate: 2 };
    const kept = await make('pqat', int16('depthwise', 'dense'), ruinous, context);
    expect(kept.warnings).toContainEqual(expect.stringMatching(/training on the integer grid takes the network from/));
    const after = await make('ptq', int16('depthwise', 'dense'), {}, base);
    expect(kept.bytes).toEqual(after.bytes);
  });
});

describe('the file of a network with int16 layers', () => {
  it('is certified, each int16 layer by itself: a file of int8 does not pass', async () => {
    const { bytes, model, quantized } = await make('ptq', int16('pointwise', 'depthwise'));
    const expectations = withInt16Activations(expectationsOf(model, true, false), quantized);
    const verdict = certify({ bytes, expectations });
    expect(verdict.passed).toBe(true);
    expect(verdict.checks.filter(({ property }) => property === 'bits an activation')).toMatchObject([
      { layer: 'pointwise', expected: '16', found: '16' },
      { layer: 'depthwise', expected: '16', found: '16' },
    ]);
    const int8 = await make('ptq', []);
    const failed = certify({ bytes: int8.bytes, expectations }).checks.filter(({ passed }) => !passed);
    expect(failed.map(({ layer, property, found }) => `${layer} ${property} ${found}`)).toEqual([
      'pointwise bits an activation 8',
      'depthwise bits an activation 8',
    ]);
    expect(withInt16Activations(expectationsOf(int8.model, true, false), int8.quantized)).toEqual(expectationsOf(int8.model, true, false));
  });

  it('is listed with the type of each layer', async () => {
    const { bytes } = await make('ptq', int16('pointwise', 'depthwise'));
    const weights = weightMetrics(readTflite(bytes));
    expect(weights.map(({ activations }) => activations)).toEqual([undefined, 'int16', 'int16', undefined]);
    expect(
      kernelTable(weights)
        .split('\n')
        .map((line) => line.trim().split(/\s+/).at(-1)),
    ).toEqual(expect.arrayContaining(['activations', 'int16', 'int8']));
    expect(kernelTable(weightMetrics(readTflite((await make('ptq', [])).bytes)))).not.toContain('activations');
  });

  it.each(['cortex-m4', 'cortex-m55', 'cortex-m55+ethos-u55-128', 'ethos-u65-256'])('is profiled on %s', async (target) => {
    const [int8, mixed] = [await make('ptq', []), await make('ptq', int16('pointwise', 'depthwise'))].map(({ bytes }) =>
      profileTflite({ file: 'mixed.tflite', bytes, target: chosenTarget(target, undefined) }),
    );
    expect(mixed!.operators.length).toBe(int8!.operators.length + 2);
    // The tensors of the two layers take two bytes an element.
    expect(mixed!.ram.tensorBytes).toBeGreaterThan(int8!.ram.tensorBytes);
    expect((mixed!.cycles?.cpu ?? 0) + (mixed!.cycles?.npu ?? 0)).toBeGreaterThan(0);
    const remarks = mixed!.warnings.filter((text) => /computes? in int16/.test(text));
    expect(remarks.length).toBe(mixed!.operators.some(({ processor }) => processor === 'cpu') ? 1 : 0);
  });
});

describe('rules for activations that cannot be', () => {
  const check = (rules: readonly LayerRule[], options: PostTrainingQuantizationOptions = {}): unknown =>
    checkTechnique({ technique: 'ptq', options }, residualNetwork(), rules, new Set());

  it('match no layer', () => {
    expect(() => check(int16('relu1'))).toThrow(/pattern "relu1" matches no layer with a kernel/);
  });

  it('ask for int8 in a file of int16', () => {
    const options = { activations: 'int16' } as const;
    expect(() => check([{ pattern: 'dense', activations: 'int8' }], options)).toThrow(/int8 activations of single layers do not go with/);
    expect(check(int16('dense'), options)).toEqual(new Set());
  });

  it('change the address of quantized stages alone', () => {
    const key = (technique: 'ptq' | 'pruning', rules: readonly LayerRule[]): string =>
      stageKey('parent', { technique, options: {} }, rules);
    expect(key('ptq', int16('dense'))).not.toBe(key('ptq', []));
    expect(key('pruning', int16('dense'))).toBe(key('pruning', []));
  });
});
