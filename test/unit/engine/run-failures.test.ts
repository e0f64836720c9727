import { afterEach, expect, it, vi } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { CompiledProgram } from '../../../src/core/engine/engine.ts';
import { loadOnnxRuntimeNode } from '../../../src/core/engine/onnxruntime/load-onnxruntime.ts';
import { createProgramBuilder } from '../../../src/core/program/builder.ts';

afterEach(() => vi.restoreAllMocks());

/** A program whose runs the runtime refuses with this reason. */
async function failingWith(reason: string): Promise<CompiledProgram> {
  const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
  const create = vi.spyOn(loadOnnxRuntimeNode().InferenceSession, 'create');
  const builder = createProgramBuilder();
  const program = await engine.compile(builder.build({ y: builder.mul(builder.input('x', [2]), 2) }));
  const [session] = await Promise.all(create.mock.results.map(({ value }) => value));
  if (session === undefined) throw new Error('no session was created');
  vi.spyOn(session, 'run').mockRejectedValue(new Error(`${reason}\nat somewhere`));
  return program;
}

it.each([
  'Failed to allocate memory for requested buffer of size 1073741824',
  'BFCArena: Available memory of 0 is smaller than requested bytes: out of memory',
  'std::bad_alloc',
])('memory that runs out within a step is said to have run out: %s', async (reason) => {
  const program = await failingWith(`Non-zero status code returned while running Conv node. ${reason}`);
  await expect(program.run({ x: new Float32Array(2) })).rejects.toMatchObject({
    code: 'out-of-memory',
    where: 'onnxruntime-node (cpu)',
    message: expect.stringContaining('take a smaller batch size'),
  });
});

it('another failure of a run names the engine and its provider, without the lines of a trace', async () => {
  const program = await failingWith('CUDA failure 700: an illegal memory access was encountered');
  await expect(program.run({ x: new Float32Array(2) })).rejects.toMatchObject({
    code: 'engine',
    what: 'the program failed as it ran: CUDA failure 700: an illegal memory access was encountered',
  });
});

it('a wrong input stays a mistake of the caller', async () => {
  const program = await failingWith('');
  await expect(program.run({ x: new Float32Array(3) })).rejects.toThrow(RangeError);
});
