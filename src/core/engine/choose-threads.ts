import { performance } from 'node:perf_hooks';
import type { Program } from '../program/program.ts';
import { elements } from '../program/shapes.ts';
import type { Engine, TensorData, Tensors } from './engine.ts';

/** What `chooseThreads` measured and chose. */
export interface ThreadChoice {
  /** Compiled programs and results belong to this engine from here on. */
  readonly engine: Engine;
  readonly measured: readonly { readonly threads: number; readonly milliseconds: number }[];
  /** For the log: `2 threads: 58.1 ms a step, against 112.4 ms on 1`. */
  readonly reason: string;
}

/** What more threads must save before they are taken: they also take cores from the data and from the editor. */
const worthwhile = 0.9;
const rounds = 5;

/**
 * Measures one step of a program on each engine (the same engine at 1 thread and at all cores) and takes the fastest.
 * Small networks are slower on more threads than on one. The number chosen belongs to the run's record: results are
 * bit-identical only at the same number.
 *
 * @param inputs values for the program's inputs; zeros for those left out
 * @throws RangeError without an engine
 */
export async function chooseThreads(engines: readonly Engine[], program: Program, inputs: Tensors = {}): Promise<ThreadChoice> {
  const [first] = engines;
  if (first === undefined) throw new RangeError('chooseThreads: no engines');
  const feeds = completeInputs(program, inputs);
  const compiled = await Promise.all(
    engines.map(async (engine) => ({ engine, program: await engine.compile(program), times: new Array<number>() })),
  );
  try {
    // Interleaved, so that a busy moment of the machine slows all of them.
    for (let round = -1; round < rounds; round++) {
      for (const candidate of compiled) {
        const start = performance.now();
        await candidate.program.run(feeds);
        // The first run allocates and is not counted.
        if (round >= 0) candidate.times.push(performance.now() - start);
      }
    }
  } finally {
    await Promise.all(compiled.map((candidate) => candidate.program.dispose()));
  }
  const measured = compiled.map(({ engine, times }) => ({ engine, threads: engine.threads, milliseconds: median(times) }));
  const fewestFirst = [...measured].sort((a, b) => a.threads - b.threads);
  const chosen = fewestFirst.reduce((best, candidate) => (candidate.milliseconds < worthwhile * best.milliseconds ? candidate : best));
  const others = fewestFirst
    .filter((candidate) => candidate !== chosen)
    .map(({ threads, milliseconds }) => `${milliseconds.toFixed(1)} ms on ${threads}`);
  const against = others.length === 0 ? '' : `, against ${others.join(', ')}`;
  return {
    engine: chosen.engine,
    measured: measured.map(({ threads, milliseconds }) => ({ threads, milliseconds })),
    reason: `${chosen.threads} ${chosen.threads === 1 ? 'thread' : 'threads'}: ${chosen.milliseconds.toFixed(1)} ms a step${against}`,
  };
}

function completeInputs(program: Program, inputs: Tensors): Tensors {
  const complete: Record<string, TensorData> = {};
  for (const instruction of program.instructions) {
    if (instruction.op !== 'input') continue;
    const { type, shape } = instruction.output;
    const length = elements(shape);
    complete[instruction.name] =
      inputs[instruction.name] ??
      (type === 'float32' ? new Float32Array(length) : type === 'int32' ? new Int32Array(length) : new Uint8Array(length));
  }
  return complete;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
