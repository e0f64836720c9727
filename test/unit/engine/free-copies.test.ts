import { describe, expect, it } from 'vitest';
import { Tensor } from 'onnxruntime-common';
import { createProgramBuilder } from '../../../src/core/program/builder.ts';
import { freeCopies } from '../../../src/core/engine/onnxruntime/free-copies.ts';
import { loadOnnxRuntimeNode } from '../../../src/core/engine/onnxruntime/load-onnxruntime.ts';
import { createOnnxRuntimeEngine } from '../../../src/core/engine/onnxruntime/onnxruntime-engine.ts';

describe('copies of results', () => {
  it('are freed, and what was written into is kept', () => {
    const [copy, written, both] = [Float32Array.of(1), Float32Array.of(2), Float32Array.of(3)];
    freeCopies({ a: new Tensor(copy, [1]), b: new Tensor(both, [1]) }, { a: new Tensor(written, [1]), b: new Tensor(both, [1]) });
    expect(copy.byteLength).toBe(0);
    expect([...written, ...both]).toEqual([2, 3]);
  });

  it('do not gather from run to run, and results stay', async () => {
    const builder = createProgramBuilder();
    const length = 250_000;
    const program = builder.build({ y: builder.add(builder.input('x', [length]), 1) });
    const engine = createOnnxRuntimeEngine({
      name: 'onnxruntime-node',
      runtime: loadOnnxRuntimeNode(),
      threads: 1,
      provider: 'cpu',
      description: 'tested',
      contributed: true,
    });
    const compiled = await engine.compile(program);
    let x: Float32Array = new Float32Array(length);
    const largest: number[] = [];
    for (let i = 1; i <= 12; i++) {
      const before = process.memoryUsage().arrayBuffers;
      const { y } = await compiled.run({ x });
      if (!(y instanceof Float32Array)) throw new Error('y is no float32');
      x = y;
      expect([y[0], y.at(-1)]).toEqual([i, i]);
      largest.push(process.memoryUsage().arrayBuffers - before);
    }
    await compiled.dispose();
    // A copy has a megabyte.
    expect(Math.max(...largest)).toBeLessThan(500_000);
  });

  it('sessions have an arena, and no memory pattern beside it', async () => {
    const runtime = loadOnnxRuntimeNode();
    const seen: unknown[] = [];
    const watched = new Proxy(runtime, {
      get: (target, name) =>
        name === 'InferenceSession'
          ? {
              create: (model: Uint8Array, options: object) => {
                seen.push(options);
                return target.InferenceSession.create(model, options);
              },
            }
          : Reflect.get(target, name),
    });
    const builder = createProgramBuilder();
    const engine = createOnnxRuntimeEngine({
      name: 'onnxruntime-node',
      runtime: watched,
      threads: 1,
      provider: 'cpu',
      description: 'tested',
      contributed: true,
    });
    await (await engine.compile(builder.build({ y: builder.neg(builder.input('x', [1])) }))).dispose();
    expect(seen).toMatchObject([{ enableCpuMemArena: true, enableMemPattern: false }]);
  });
});
