import { describe, expect, it } from 'vitest';
import { encodeProgram } from '../../../src/core/engine/onnxruntime/onnx-program.ts';
import { type ProviderGap, providerGaps } from '../../../src/core/engine/onnxruntime/provider-gaps.ts';
import { createProgramBuilder } from '../../../src/core/program/builder.ts';
import { gradient } from '../../../src/core/program/gradient.ts';
import { createRandom } from '../../../src/core/random.ts';
import { onnxRuntimeOnCpu } from '../../support/onnxruntime-on-cpu.ts';

type Pads = readonly [number, number, number, number];
const pools: readonly (readonly [string, readonly number[], readonly [number, number], readonly [number, number], Pads])[] = [
  ['windows side by side', [2, 3, 6, 4], [2, 2], [2, 2], [0, 0, 0, 0]],
  ['an odd row and column left over', [2, 2, 7, 5], [2, 2], [2, 2], [0, 0, 0, 0]],
  ['padding behind', [1, 2, 5, 5], [2, 2], [2, 2], [0, 0, 1, 1]],
  ['overlapping windows with padding around', [2, 2, 7, 8], [3, 3], [2, 2], [1, 1, 1, 1]],
  ['windows of one place apart', [1, 2, 6, 7], [1, 2], [2, 3], [0, 0, 0, 0]],
];

describe('a provider without indices of maxima', () => {
  it.each(pools)('gives the same gradients of max pooling: %s', async (_, shape, size, strides, pads) => {
    const gradients = await Promise.all(
      [[], ['poolIndices'] as const].map(async (gaps) => {
        const builder = createProgramBuilder();
        const x = builder.input('x', shape);
        const pooled = builder.maxPool2d(x, size, strides, pads);
        const factors = builder.constant(
          Float32Array.from({ length: pooled.shape.reduce((a, b) => a * b, 1) }, (_value, i) => i + 1),
          pooled.shape,
        );
        const [g] = gradient(builder, builder.sum(builder.mul(pooled, factors)), [x]);
        if (g === undefined) throw new Error('no gradient');
        const engine = onnxRuntimeOnCpu({ gaps: new Set(gaps) });
        const compiled = await engine.compile(builder.build({ g, pooled }));
        const random = createRandom(3);
        // Few values, so that many are equal; below zero as well, where padding must not win.
        const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => -random.integer(4));
        const { g: result, pooled: maxima } = await compiled.run({ x: values });
        await compiled.dispose();
        return { gradient: [...(result ?? [])], maxima: [...(maxima ?? [])] };
      }),
    );
    expect(gradients[1]).toEqual(gradients[0]);
    expect(gradients[0]?.gradient.some((value) => value !== 0)).toBe(true);
  });
});

describe('a provider without Round', () => {
  it('rounds halves to the even integer', async () => {
    const values = Float32Array.of(-3.5, -2.5, -1.5, -0.5, -0.2, 0, 0.5, 1.5, 2.5, 0.49999997, 127.5, 126.5, -127.50001);
    const builder = createProgramBuilder();
    const x = builder.input('x', [values.length]);
    const compiled = await onnxRuntimeOnCpu({ gaps: new Set(['round']) }).compile(builder.build({ rounded: builder.round(x) }));
    const { rounded } = await compiled.run({ x: values });
    await compiled.dispose();
    // A sum of zeros has no sign.
    expect([...(rounded ?? [])].map((value) => value + 0)).toEqual([-4, -2, -2, 0, 0, 0, 0, 2, 2, 0, 128, 126, -128]);
  });
});

describe('a provider without FusedMatMul', () => {
  it('multiplies transposed batches by operators of ONNX alone', async () => {
    const builder = createProgramBuilder();
    const product = builder.matmul(builder.input('a', [2, 3, 2]), builder.input('b', [2, 3, 1]), { transposeA: true });
    const program = builder.build({ product });
    const encoded = (gaps: readonly ProviderGap[]): Uint8Array =>
      encodeProgram(program, { contributed: true, gaps: new Set(gaps), blockBytes: Infinity });
    expect(Buffer.from(encoded([])).includes('FusedMatMul')).toBe(true);
    expect(Buffer.from(encoded(['contributed'])).includes('FusedMatMul')).toBe(false);
    const compiled = await onnxRuntimeOnCpu({ gaps: new Set(['contributed']) }).compile(program);
    const result = await compiled.run({ a: Float32Array.of(1, 2, 3, 4, 5, 6, 1, 0, 0, 1, 1, 1), b: Float32Array.of(1, 0, -1, 2, 3, 4) });
    await compiled.dispose();
    // [1 3 5; 2 4 6] (1, 0, -1) and [1 0 1; 0 1 1] (2, 3, 4).
    expect([...(result['product'] ?? [])]).toEqual([-4, -4, 6, 7]);
  });
});

it('what a provider lacks is known by its name', () => {
  expect([...providerGaps('webgpu')]).toEqual(['poolIndices', 'round', 'contributed']);
  for (const name of ['cpu', 'cuda', 'toString']) expect(providerGaps(name).size).toBe(0);
});
