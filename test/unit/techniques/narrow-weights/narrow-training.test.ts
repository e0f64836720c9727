/** Quantization-aware training with 4-bit weights, and which layers have them. */
import { describe, expect, it } from 'vitest';
import { findConstraint } from '../../../../src/core/constraints/constraint.ts';
import { createEngine } from '../../../../src/core/engine/create-engine.ts';
import { certify } from '../../../../src/core/measure/certify.ts';
import { kernelTensors } from '../../../../src/core/measure/kernel-tensors.ts';
import { applyTechnique } from '../../../../src/core/techniques/index.ts';
import { quantizeTrained } from '../../../../src/core/techniques/quantization-aware-training.ts';
import type { OptimizedModel } from '../../../../src/core/techniques/technique.ts';
import { readTflite } from '../../../../src/core/tflite/read-tflite.ts';
import { writeTflite } from '../../../../src/core/tflite/write-tflite.ts';
import { expectationsOf } from '../../../../src/core/tree/stages/make-product.ts';
import { apply } from '../../../support/apply-technique.ts';
import {
  briefly,
  integersOf,
  kernelData,
  kernelIds,
  techniqueContext,
  trainedModel,
  valuesPerChannel,
  zerosAt,
} from '../technique-fixtures.ts';

const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
const narrow = { ...briefly, weightBits: 4, restoreBest: false } as const;

const bytesOf = (model: OptimizedModel): Uint8Array =>
  writeTflite({ kind: 'integer', quantized: quantizeTrained(model), inputType: 'int8', outputType: 'int8' });
const typesOf = (model: OptimizedModel): (string | undefined)[] =>
  kernelTensors(readTflite(bytesOf(model))).map(({ tensor }) => tensor.type);

describe('training with 4-bit weights', () => {
  it('learns the scale of each channel, and is certified from the nibbles', async () => {
    const model = await apply('qat', trainedModel(), techniqueContext(engine), narrow);
    expect(typesOf(model)).toEqual(['int4', 'int4', 'int4', 'int4']);
    const verdict = certify({ bytes: bytesOf(model), expectations: expectationsOf(model, true, false) });
    expect(verdict.passed).toBe(true);
    expect(verdict.checks.filter(({ property }) => property === 'bits a weight')).toHaveLength(4);
    const started = await apply('qat', trainedModel(), techniqueContext(engine), { ...narrow, steps: 1, learningRate: 1e-12 });
    const scalesOf = ({ constraints }: OptimizedModel): number[] =>
      Array.from(findConstraint(constraints.get('dense/kernel') ?? [], 'integerGrid')?.scales ?? []);
    expect(scalesOf(model)).toHaveLength(2);
    scalesOf(model).forEach((scale, channel) => expect(scale).not.toBeCloseTo(scalesOf(started)[channel] ?? 0, 4));
    const quantized = quantizeTrained(model);
    for (const id of kernelIds) expect(integersOf(quantized, id).every((integer) => Math.abs(integer) <= 7)).toBe(true);
  });

  it('keeps the zeros of a pruned model, the values of a clustered one, and both', async () => {
    const pruned = await apply('pruning', trainedModel(), techniqueContext(engine), { ...briefly, structure: 'unstructured' });
    const pqat = quantizeTrained(await apply('pqat', pruned, techniqueContext(engine), narrow));
    for (const id of ['conv/kernel', 'dense/kernel']) {
      const zeros = new Set(zerosAt(integersOf(pqat, id)));
      expect(zerosAt(kernelData(pruned.network, id)).every((i) => zeros.has(i))).toBe(true);
    }
    const clustered = await apply('sparsity-preserving-clustering', pruned, techniqueContext(engine), { ...briefly, clusters: 5 });
    const pcqat = quantizeTrained(await apply('pcqat', clustered, techniqueContext(engine), narrow));
    const dense = integersOf(pcqat, 'dense/kernel');
    expect(valuesPerChannel(dense, [2, 96], 0)).toBeLessThanOrEqual(5);
    const zeros = new Set(zerosAt(dense));
    expect(zerosAt(kernelData(pruned.network, 'dense/kernel')).every((i) => zeros.has(i))).toBe(true);
  });

  it('mixes bits by the rules for layers', async () => {
    const rules = [
      { pattern: 'conv', bits: 8 },
      { pattern: 'depthwise', bits: 8 },
    ] as const;
    expect(typesOf(await apply('qat', trainedModel(), techniqueContext(engine), narrow, rules))).toEqual(['int8', 'int4', 'int8', 'int4']);
    const one = [{ pattern: 'dense', bits: 4 }] as const;
    expect(typesOf(await apply('qat', trainedModel(), techniqueContext(engine), briefly, one))).toEqual(['int8', 'int8', 'int8', 'int4']);
    const { quantized } = await applyTechnique({ technique: 'ptq', options: {} }, trainedModel(), techniqueContext(engine), one);
    expect(kernelIds.map((id) => quantized?.weights.get(id)?.bits ?? 8)).toEqual([8, 8, 8, 4]);
  });

  it('keeps clustered layers of 8-bit integers at 8 bits, and says why', async () => {
    const clustered = await apply('clustering', trainedModel(), techniqueContext(engine), { ...briefly, clusters: 4, integerGrid: true });
    const context = techniqueContext(engine);
    expect(typesOf(await apply('cqat', clustered, context, narrow))).toContain('int8');
    expect(context.warnings.join()).toMatch(/keep 8-bit weights: their values are 8-bit integers already/);
  });
});
