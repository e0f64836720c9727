import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine, TensorData } from '../../../src/core/engine/engine.ts';
import { loadOnnxRuntimeNode, loadOnnxRuntimeWeb } from '../../../src/core/engine/onnxruntime/load-onnxruntime.ts';
import { createOnnxRuntimeEngine, type OnnxRuntimeEngineOptions } from '../../../src/core/engine/onnxruntime/onnxruntime-engine.ts';
import { createProgramBuilder } from '../../../src/core/program/builder.ts';
import { differentiableCases } from '../program/differentiable-cases.ts';
import { compileGradients } from '../program/finite-differences.ts';
import { randomProgram } from '../program/random-program.ts';

const oracle = await createEngine({ name: 'tfjs' });
const engines: readonly (readonly [string, Engine])[] = [
  ['onnxruntime-node', await createEngine({ name: 'onnxruntime-node', threads: 2 })],
  ['onnxruntime-web', await createEngine({ name: 'onnxruntime-web', threads: 1 })],
  ['onnxruntime-node, in blocks', inBlocks('onnxruntime-node', loadOnnxRuntimeNode())],
  ['onnxruntime-web, in blocks', inBlocks('onnxruntime-web', loadOnnxRuntimeWeb(1))],
];

/** With blocks so small that programs of a few numbers are computed in them. */
function inBlocks(name: OnnxRuntimeEngineOptions['name'], runtime: OnnxRuntimeEngineOptions['runtime']): Engine {
  return createOnnxRuntimeEngine({ name, runtime, threads: 1, provider: 'cpu', description: name, contributed: true, blockBytes: 16 });
}

describe.each(engines)('%s', (_, engine) => {
  it.each(Object.entries(differentiableCases))('gives what tfjs gives: %s', async (_name, differentiated) => {
    const expected = await compileGradients(differentiated, oracle);
    const actual = await compileGradients(differentiated, engine);
    const [want, got] = [await expected.run(expected.inputs), await actual.run(expected.inputs)];
    expectClose([got.loss], [want.loss]);
    want.gradients.forEach((g, i) => expectClose(got.gradients[i] ?? [], g));
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('gives what tfjs gives on the random program of seed %i', async (seed) => {
    const { program, inputs } = randomProgram(seed);
    const [expected, actual] = [await oracle.compile(program), await engine.compile(program)];
    const [want, got] = [await expected.run(inputs), await actual.run(inputs)];
    expect(Object.keys(got).sort()).toEqual(Object.keys(want).sort());
    for (const [name, values] of Object.entries(want)) expectClose(got[name] ?? [], values);
  });

  it('gives the same bits each time', async () => {
    const { program, inputs } = randomProgram(11);
    const once = await (await engine.compile(program)).run(inputs);
    const again = await (await engine.compile(program)).run(inputs);
    for (const [name, values] of Object.entries(once)) expect(again[name]).toEqual(values);
  });

  it('feeds a step its own outputs without disturbing them', async () => {
    const builder = createProgramBuilder();
    const x = builder.input('x', [1000]);
    const program = await engine.compile(builder.build({ x: builder.add(builder.mul(x, 0.5), 1), before: x }));
    let state: TensorData = new Float32Array(1000);
    for (let step = 0; step < 5; step++) {
      const given = [...state];
      const { x: next, before } = await program.run({ x: state });
      expect([...(before ?? [])]).toEqual(given);
      state = next ?? state;
    }
    expect(state[999]).toBe(1.9375);
  });

  it('rounds half to even, as fake quantization needs', async () => {
    const builder = createProgramBuilder();
    const program = await engine.compile(builder.build({ y: builder.round(builder.input('x', [6])) }));
    const { y } = await program.run({ x: Float32Array.of(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5) });
    expect([...(y ?? [])].map((value) => value + 0)).toEqual([-2, -2, 0, 0, 2, 2]);
  });

  it('takes and gives integers and booleans', async () => {
    const builder = createProgramBuilder();
    const [i, b] = [builder.input('i', [2, 2], 'int32'), builder.input('b', [2], 'bool')];
    const program = await engine.compile(
      builder.build({ i: builder.add(i, 1), b: builder.not(b), largest: builder.argMax(builder.cast(i, 'float32'), 1) }),
    );
    const outputs = await program.run({ i: Int32Array.of(3, 9, 5, 5), b: Uint8Array.of(1, 0) });
    expect([...(outputs.i ?? [])]).toEqual([4, 10, 6, 6]);
    expect([...(outputs.b ?? [])]).toEqual([0, 1]);
    expect([...(outputs.largest ?? [])]).toEqual([1, 0]);
  });

  it('names an input that is missing or has the wrong length', async () => {
    const builder = createProgramBuilder();
    const program = await engine.compile(builder.build({ y: builder.neg(builder.input('x', [2, 3])) }));
    await expect(program.run({})).rejects.toThrow('input "x" is missing');
    await expect(program.run({ x: new Float32Array(5) })).rejects.toThrow('input "x" has 5 elements, not [2, 3]');
  });
});

describe('createEngine', () => {
  it('takes the native runtime where it loads, and says so', async () => {
    const engine = await createEngine({ threads: 2 });
    expect(engine.name).toBe('onnxruntime-node');
    expect(engine.description).toMatch(/^onnxruntime-node \d+\.\d+\.\d+ \(cpu, 2 threads\)$/);
  });

  it('says why a provider is not used, and uses the CPU', async () => {
    const notices: string[] = [];
    const engine = await createEngine({
      name: 'onnxruntime-web',
      threads: 1,
      provider: 'coreml',
      onNotice: (message) => notices.push(message),
    });
    expect(engine.description).toContain('(cpu, 1 thread)');
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain('the execution provider "coreml" is not available in onnxruntime-web');
  });

  it('refuses unknown providers and odd numbers of threads', async () => {
    await expect(createEngine({ provider: 'abacus' })).rejects.toThrow(
      'there is no execution provider "abacus"; choose one of cpu, webgpu, dml, coreml, cuda',
    );
    await expect(createEngine({ threads: 0 })).rejects.toThrow('0 threads');
    await expect(createEngine({ threads: 1.5 })).rejects.toThrow('1.5 threads');
  });
});

/** Relative to the largest value, since sums are taken in different orders. */
function expectClose(actual: Iterable<number>, expected: Iterable<number>): void {
  const [got, want] = [[...actual], [...expected]];
  expect(got).toHaveLength(want.length);
  const largest = Math.max(1e-3, ...want.map(Math.abs));
  want.forEach((value, i) => expect(Math.abs((got[i] ?? NaN) - value) / largest).toBeLessThan(2e-5));
}
