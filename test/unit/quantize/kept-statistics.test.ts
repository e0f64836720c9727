import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { calibrate, type Calibration } from '../../../src/core/quantize/calibrate.ts';
import { keptStatistics } from '../../../src/core/quantize/kept-statistics.ts';
import { quantizeTrained } from '../../../src/core/techniques/quantization-aware-training.ts';
import type { TechniqueContext } from '../../../src/core/techniques/technique.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { StatisticsMemory } from '../../../src/execution/local/statistics-memory.ts';
import { apply, quantize } from '../../support/apply-technique.ts';
import { residualNetwork, techniqueContext, trainedModel } from '../techniques/technique-fixtures.ts';
import { halves } from '../train/training-fixtures.ts';

let real: Engine;
beforeAll(async () => {
  real = await createEngine({ name: 'onnxruntime-node', threads: 1 });
});

/** An engine that counts the programs that it compiles. */
function countingEngine(description = real.description): Engine & { readonly compiled: () => number } {
  let count = 0;
  return {
    ...real,
    description,
    compile: (program) => {
      count++;
      return real.compile(program);
    },
    compiled: () => count,
  };
}

/** How many programs it compiles. */
async function programsOf(engine: ReturnType<typeof countingEngine>, work: () => Promise<unknown>): Promise<number> {
  const before = engine.compiled();
  await work();
  return engine.compiled() - before;
}

describe('ranges of activations', () => {
  const calibration = (engine: Engine, rest: Partial<Calibration> = {}): Calibration => ({
    engine,
    network: prepareForDeployment(residualNetwork()),
    data: halves(40),
    samples: 40,
    signal: new AbortController().signal,
    ...rest,
  });

  it('are measured once of the same content, and are the same', async () => {
    const engine = countingEngine();
    const statistics = new StatisticsMemory();
    const ranges = await calibrate(calibration(engine));
    expect(await programsOf(engine, async () => expect(await calibrate(calibration(engine, { statistics }))).toEqual(ranges))).toBe(1);
    expect(await programsOf(engine, async () => expect(await calibrate(calibration(engine, { statistics }))).toEqual(ranges))).toBe(0);
  });

  it('are measured again where anything differs that they follow from', async () => {
    const engine = countingEngine();
    const statistics = new StatisticsMemory();
    await calibrate(calibration(engine, { statistics }));
    const other = prepareForDeployment(residualNetwork());
    other.parameters.get('dense/kernel')!.data[3]! += 1e-3;
    const without = { ...other, operations: other.operations.map((operation) => ({ ...operation, layer: `${operation.layer}/2` })) };
    const others: readonly Partial<Calibration>[] = [
      { network: other },
      { network: without },
      { samples: 30 },
      { data: halves(41) },
      { data: { ...halves(40), name: 'validation' } },
      { observer: { kind: 'squaredError' } },
      { observer: { kind: 'percentile', percentile: 99 } },
      { known: new Map([[other.inputs[0] ?? '', { minimum: -7, maximum: 7 }]]) },
    ];
    for (const rest of others) expect(await programsOf(engine, () => calibrate(calibration(engine, { ...rest, statistics })))).toBe(1);
    const threads = countingEngine('onnxruntime-node (cpu, 2 threads)');
    expect(await programsOf(threads, () => calibrate(calibration(threads, { statistics })))).toBe(1);
  });

  it('are not kept of a calibration that was cancelled', async () => {
    const engine = countingEngine();
    const statistics = new StatisticsMemory();
    const signal = AbortSignal.abort();
    await expect(calibrate(calibration(engine, { statistics, signal }))).rejects.toThrow('calibration was cancelled');
    expect(await programsOf(engine, () => calibrate(calibration(engine, { statistics })))).toBe(1);
  });
});

describe('stages of one parent', () => {
  const context = (engine: Engine, statistics?: StatisticsMemory): TechniqueContext => ({
    ...techniqueContext(engine),
    data: { train: halves(120), validation: halves(60, 9), test: halves(16, 4) },
    statistics,
  });
  const file = (quantized: ReturnType<typeof quantizeTrained>): Uint8Array =>
    writeTflite({ kind: 'integer', quantized, inputType: 'int8', outputType: 'int8' });
  const steps = { steps: 6, batchSize: 16, learningRate: 0.01 } as const;

  it('measure ranges and means of the same network once, and give the same bytes', async () => {
    const pruned = await apply('pruning', trainedModel(), context(real), { ...steps, structure: 'unstructured', sparsity: 0.5 });
    const both = async (engine: Engine, statistics?: StatisticsMemory): Promise<readonly Uint8Array[]> => [
      file(await quantize(pruned, context(engine, statistics))),
      // Compares itself with what quantization after training gives.
      file(quantizeTrained(await apply('pqat', pruned, context(engine, statistics), steps))),
    ];
    const engine = countingEngine();
    const alone = await both(engine);
    const each = engine.compiled();
    // Squared errors of activations and means for the biases, which PQAT has from PTQ.
    expect(await programsOf(engine, async () => expect(await both(engine, new StatisticsMemory())).toEqual(alone))).toBe(each - 2);
  });

  it('measure networks with other weights each for itself', async () => {
    const pruned = await apply('pruning', trainedModel(), context(real), { ...steps, structure: 'unstructured', sparsity: 0.5 });
    const weaker = { ...pruned, network: residualNetwork() };
    const engine = countingEngine();
    const statistics = new StatisticsMemory();
    await quantize(pruned, context(engine, statistics));
    const alone = await programsOf(engine, () => quantize(weaker, context(engine)));
    expect(await programsOf(engine, () => quantize(weaker, context(engine, statistics)))).toBe(alone);
  });
});

describe('what is kept in memory', () => {
  const numbers = (count: number) => new Map([['value', new Float64Array(count)]]);

  it('is bounded: the oldest goes first', async () => {
    const memory = new StatisticsMemory(8 * 25);
    for (const key of ['a', 'b', 'c']) await memory.save(key, numbers(10));
    expect(await memory.load('a')).toBeUndefined();
    expect(await memory.load('b')).toEqual(numbers(10));
    expect(await memory.load('c')).toEqual(numbers(10));
    await memory.save('c', numbers(15));
    expect(await memory.load('b')).toEqual(numbers(10));
    await memory.save('d', numbers(26));
    for (const key of ['b', 'c', 'd']) expect(await memory.load(key)).toBeUndefined();
  });
});

it('without a place to keep statistics they are measured', async () => {
  const measured = { kind: 'ranges', engine: real, network: residualNetwork(), data: halves(4), samples: 4, settings: {} } as const;
  const found = new Map([['value', Float64Array.of(1, 2)]]);
  expect(await keptStatistics(undefined, measured, () => Promise.resolve(found))).toBe(found);
});
