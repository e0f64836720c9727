/** 4-bit weights in the file: written as nibbles, run by LiteRT as the engine computes, certified from the bytes. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { certify } from '../../../src/core/measure/certify.ts';
import { kernelTensors } from '../../../src/core/measure/kernel-tensors.ts';
import type { QuantizedNetwork } from '../../../src/core/quantize/quantization.ts';
import { quantizeWeights } from '../../../src/core/quantize/weight-quantization.ts';
import { applyTechnique } from '../../../src/core/techniques/index.ts';
import type { OptimizedModel, TechniqueResult } from '../../../src/core/techniques/technique.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { loadRuntime } from '../../../src/core/tflite/runtime.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { expectationsOf } from '../../../src/core/tree/stages/make-product.ts';
import type { LayerRule } from '../../../src/shared/recipe/layer-rule.ts';
import { apply } from '../../support/apply-technique.ts';
import {
  briefly,
  integersOf,
  kernelData,
  kernelIds,
  techniqueContext,
  type TestContext,
  trainedModel,
  zerosAt,
} from './technique-fixtures.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
});

async function fourBits(
  model: OptimizedModel = trainedModel(),
  rules: readonly LayerRule[] = [],
  context: TestContext = techniqueContext(engine),
): Promise<TechniqueResult & { readonly quantized: QuantizedNetwork; readonly bytes: Uint8Array }> {
  const result = await applyTechnique({ technique: 'ptq4', options: {} }, model, context, rules);
  if (result.quantized === undefined) throw new Error('nothing was quantized');
  const bytes = writeTflite({ kind: 'integer', quantized: result.quantized, inputType: 'int8', outputType: 'int8' });
  return { ...result, quantized: result.quantized, bytes };
}

/** The same integers, a byte each. */
function inEightBits(quantized: QuantizedNetwork): Uint8Array {
  const weights = new Map([...quantized.weights].map(([id, quantization]) => [id, { ...quantization, bits: 8 as const }]));
  return writeTflite({ kind: 'integer', quantized: { ...quantized, weights }, inputType: 'int8', outputType: 'int8' });
}

describe('quantization after training with 4-bit weights', () => {
  it('stores kernels of convolutions, depthwise ones too, and of dense layers in 4 bits', async () => {
    const context = techniqueContext(engine);
    const { bytes, quantized } = await fourBits(trainedModel(), [], context);
    const types = Object.fromEntries(kernelTensors(readTflite(bytes)).map(({ layer, tensor }) => [layer, tensor.type]));
    expect(types).toEqual({ conv: 'int4', pointwise: 'int4', depthwise: 'int4', dense: 'int4' });
    expect(context.warnings).toEqual([]);
    for (const id of kernelIds) expect(integersOf(quantized, id).every((integer) => Math.abs(integer) <= 7)).toBe(true);
  });

  it('reads back from the nibbles the integers that were written, of odd lengths too', async () => {
    const { bytes, quantized } = await fourBits();
    const kernels = kernelTensors(readTflite(bytes));
    const ids = ['conv/kernel', 'pointwise/kernel', 'depthwise/kernel', 'dense/kernel'];
    for (const [index, id] of ids.entries()) expect(Array.from(kernels[index]!.values)).toEqual(Array.from(integersOf(quantized, id)));
    // By hand: -7 is 1001 in two's complement, 3 is 0011; the first stands in the low half.
    expect(quantizeWeights(Float32Array.of(-0.7, 0.3), [1, 2], { scales: Float32Array.of(0.1), axis: undefined, bits: 4 })).toEqual(
      Int8Array.of(-7, 3),
    );
  });

  it('makes kernels of half the bytes', async () => {
    const { bytes } = await fourBits();
    const sizes = kernelTensors(readTflite(bytes)).map(({ tensor }) => tensor.data?.length);
    expect(sizes).toEqual([27, 18, 27, 96]);
  });

  it('runs in LiteRT with the same outputs as the same integers stored in 8 bits, within two steps after four layers', async () => {
    const { quantized: whole } = await fourBits();
    // Without the softmax, whose steps near 0 and 1 hide what the network computes.
    const logits = whole.network.operations.at(-1)?.inputs.slice(0, 1) ?? [];
    const quantized = { ...whole, network: { ...whole.network, outputs: logits } };
    const bytes = writeTflite({ kind: 'integer', quantized, inputType: 'int8', outputType: 'int8' });
    const run = async (file: Uint8Array): Promise<number[]> => {
      const model = await (await loadRuntime()).load(file);
      const outputs: number[] = [];
      for (let example = 0; example < 32; example++) {
        const input = Int8Array.from({ length: 16 }, (_, i) => ((i * 37 + example * 101) % 255) - 127);
        const [output] = await model.run([new Uint8Array(input.buffer)]);
        outputs.push(...new Int8Array(output!.buffer, output!.byteOffset, output!.length));
      }
      await model.dispose();
      return outputs;
    };
    const [narrow, same] = [await run(bytes), await run(inEightBits(quantized))];
    expect(new Set(narrow).size).toBeGreaterThan(4);
    narrow.forEach((value, i) => expect(Math.abs(value - (same[i] ?? 0))).toBeLessThanOrEqual(2));
  });

  it('is certified from the bytes: a file with 8-bit kernels does not pass', async () => {
    const { bytes, model, quantized } = await fourBits();
    const expectations = expectationsOf(model, true, false);
    const verdict = certify({ bytes, expectations });
    expect(verdict.passed).toBe(true);
    expect(verdict.checks.filter(({ property }) => property === 'bits a weight')).toHaveLength(4);
    expect(certify({ bytes: inEightBits(quantized), expectations }).passed).toBe(false);
  });

  it('keeps the zeros of a pruned model and the values of a clustered one', async () => {
    const pruned = await apply('pruning', trainedModel(), techniqueContext(engine), { ...briefly, structure: 'unstructured' });
    const { quantized } = await fourBits(pruned);
    for (const id of ['conv/kernel', 'dense/kernel']) {
      const zeros = new Set(zerosAt(integersOf(quantized, id)));
      expect(zerosAt(kernelData(pruned.network, id)).every((i) => zeros.has(i))).toBe(true);
    }
    const clustered = await apply('clustering', trainedModel(), techniqueContext(engine), { ...briefly, clusters: 4 });
    const { quantized: few } = await fourBits(clustered);
    expect(new Set(integersOf(few, 'dense/kernel').subarray(0, 96)).size).toBeLessThanOrEqual(4);
  });

  it.each(['conv/kernel', 'depthwise/kernel', 'dense/kernel'])('rounds a layer without a weight other than zero: %s', async (id) => {
    const { network } = trainedModel();
    const kernel = network.parameters.get(id)!;
    const parameters = new Map(network.parameters).set(id, { ...kernel, data: new Float32Array(kernel.data.length) });
    const { bytes, quantized } = await fourBits(trainedModel({ ...network, parameters }));
    expect(integersOf(quantized, id)).toEqual(new Int8Array(kernel.data.length));
    expect(kernelTensors(readTflite(bytes)).every(({ tensor }) => tensor.type === 'int4')).toBe(true);
  });

  it('leaves layers at 8 bits that a rule excludes, and refuses to leave all', async () => {
    const { bytes } = await fourBits(trainedModel(), [{ pattern: 'dense', exclude: ['4-bit'] }]);
    expect(kernelTensors(readTflite(bytes)).map(({ tensor }) => tensor.type)).toEqual(['int4', 'int4', 'int4', 'int8']);
    const { bytes: mixed } = await fourBits(trainedModel(), [
      { pattern: '*', bits: 8 },
      { pattern: 'p*', bits: 4 },
    ]);
    expect(kernelTensors(readTflite(mixed)).map(({ tensor }) => tensor.type)).toEqual(['int8', 'int4', 'int8', 'int8']);
    await expect(fourBits(trainedModel(), [{ pattern: '*', exclude: ['4-bit'] }])).rejects.toThrow(/no kernel is left for 4 bits/);
  });
});
