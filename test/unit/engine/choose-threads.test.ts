import { performance } from 'node:perf_hooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chooseThreads } from '../../../src/core/engine/choose-threads.ts';
import type { Engine, Tensors } from '../../../src/core/engine/engine.ts';
import { createProgramBuilder } from '../../../src/core/program/builder.ts';

/** Of a clock that only steps move: on a busy machine a sleep takes longer than it should. */
let now = 0;
beforeEach(() => void vi.spyOn(performance, 'now').mockImplementation(() => now));
afterEach(() => void vi.restoreAllMocks());

/** An engine whose steps take a given time, and which keeps what it was fed. */
function timed(threads: number, milliseconds: number): { readonly engine: Engine; readonly fed: Tensors[] } {
  const fed: Tensors[] = [];
  const run = (inputs: Tensors): Promise<Tensors> => {
    fed.push(inputs);
    now += milliseconds;
    return Promise.resolve({});
  };
  return {
    fed,
    engine: { name: 'tfjs', description: '', threads, compile: () => Promise.resolve({ run, dispose: () => Promise.resolve() }) },
  };
}

const builder = createProgramBuilder();
const program = builder.build({ y: builder.add(builder.input('x', [2, 3]), 1), z: builder.input('labels', [4], 'int32') });

describe('chooseThreads', () => {
  it('takes more threads where they save time, and says by how much', async () => {
    const [one, two] = [timed(1, 40), timed(2, 10)];
    const choice = await chooseThreads([one.engine, two.engine], program);
    expect(choice.engine).toBe(two.engine);
    expect(choice.reason).toBe('2 threads: 10.0 ms a step, against 40.0 ms on 1');
  });

  it('stays with fewer threads where more take longer', async () => {
    const [one, two] = [timed(1, 10), timed(2, 40)];
    expect((await chooseThreads([two.engine, one.engine], program)).engine).toBe(one.engine);
  });

  it('feeds zeros of the right type and length for what it is not given', async () => {
    const { engine, fed } = timed(1, 0);
    await chooseThreads([engine], program, { x: Float32Array.of(1, 2, 3, 4, 5, 6) });
    expect(fed[0]).toEqual({ x: Float32Array.of(1, 2, 3, 4, 5, 6), labels: new Int32Array(4) });
  });
});
