/** A teacher's file in a run: found and checked before anything trains, and part of the keys of what learned from it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/shared/events.ts';
import { namedTeachers, withTeachers } from '../../../src/shared/recipe/teachers.ts';
import { writeTfjsLayers } from '../../../src/core/export/tfjs-layers.ts';
import { digitsCnn } from '../../../src/core/models/digits-cnn.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { checkRecipe } from '../../../src/core/tree/recipe/check-recipe.ts';
import { startSession } from '../../../src/core/tree/session.ts';
import { stageKey } from '../../../src/core/tree/stage-key.ts';
import { digestTeachers, requireSameTeacher } from '../../../src/core/tree/teachers.ts';
import { localEnvironment } from '../../support/local-environment.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function write(folder: string, name: string, network: Network): void {
  const { json, weights } = writeTfjsLayers(network);
  mkdirSync(path.join(folder, name), { recursive: true });
  writeFileSync(path.join(folder, name, 'model.json'), json);
  writeFileSync(path.join(folder, name, 'weights.bin'), weights);
}

function project(): string {
  const folder = temporaryFolder();
  write(folder, 'own', digitsCnn({ seed: 1 }));
  write(folder, 'big', digitsCnn({ seed: 2 }));
  return folder;
}

const recipe = (distillation: unknown): object => ({
  model: 'own',
  data: { format: 'generated', set: 'digits', trainSize: 40, testSize: 10 },
  controls: true,
  nodes: ['fine-tuned'],
  training: { steps: 2, batchSize: 16 },
  techniques: { fineTuning: { distillation } },
  measure: { latency: false },
  engine: { threads: 1, processes: 1 },
});

async function run(folder: string, distillation: unknown): Promise<readonly RunEvent[]> {
  const file = path.join(folder, 'net.espalier.json');
  writeFileSync(file, JSON.stringify(recipe(distillation)));
  const events: RunEvent[] = [];
  const session = await startSession(file, {}, localEnvironment);
  await session.run((event) => events.push(event), new AbortController().signal);
  return events;
}

/** Nodes that were not taken from the cache, and the loss of the float control. */
function outcome(events: readonly RunEvent[]): {
  readonly made: readonly string[];
  readonly loss: number | undefined;
  readonly failed: string;
} {
  const finished = events.flatMap((event) => (event.type === 'node-finished' ? [event] : []));
  return {
    made: finished.filter(({ cached }) => !cached).map(({ node }) => node),
    loss: finished.find(({ node }) => node === 'fine-tuned')?.metrics.curve[0]?.loss,
    failed: events.flatMap((event) => (event.type === 'node-failed' ? [event.message] : [])).join(),
  };
}

describe('a run with a teacher', () => {
  it('learns its predictions, and trains again what learned from it when its file changes, wherever it lies', async () => {
    const folder = project();
    const first = outcome(await run(folder, { teacher: 'big', weight: 1 }));
    expect(first.made).toEqual(['baseline', 'fine-tuned']);
    // The model itself as its teacher is where it stands already.
    const own = outcome(await run(folder, { weight: 1 }));
    expect(own.made).toEqual(['fine-tuned']);
    expect(first.loss).toBeGreaterThan(2 * (own.loss ?? Infinity));
    write(folder, 'elsewhere/big', digitsCnn({ seed: 2 }));
    expect(outcome(await run(folder, { teacher: 'elsewhere/big', weight: 1 })).made).toEqual([]);
    write(folder, 'big', digitsCnn({ seed: 3 }));
    const other = outcome(await run(folder, { teacher: 'big', weight: 1 }));
    expect(other.made).toEqual(['fine-tuned']);
    expect(other.loss).not.toBe(first.loss);
  });

  it('does not begin without its file, and ends before it trains where the teacher does not go with the model', async () => {
    const folder = project();
    await expect(run(folder, { teacher: 'bgi' })).rejects.toThrow(/bgi: does not exist; check the path/);
    write(folder, 'wide', digitsCnn({ seed: 1, classes: 12 }));
    const events = await run(folder, { teacher: 'wide' });
    expect(outcome(events).failed).toContain('teacher "wide": the teacher gives [12], the model [10]');
    expect(events.filter(({ type }) => type === 'node-finished')).toEqual([]);
  });

  it('is checked in the editor at its own place', async () => {
    const folder = project();
    write(folder, 'wide', digitsCnn({ seed: 1, classes: 12 }));
    const found = async (teacher: string): Promise<object | undefined> =>
      (await checkRecipe(JSON.stringify(recipe({ teacher })), folder)).find(({ severity }) => severity === 'error');
    expect(await found('big')).toBeUndefined();
    const at = { path: ['techniques', 'fineTuning', 'distillation', 'teacher'] };
    expect(await found('bgi')).toMatchObject({ ...at, code: 'missing-file', suggestions: ['big'] });
    expect(await found('wide')).toMatchObject({
      ...at,
      code: 'unreadable-model',
      message: expect.stringContaining('the teacher gives [12]'),
    });
  });
});

describe('teachers in recipes', () => {
  const all = {
    training: { distillation: { teacher: 'a.h5', weight: 1 } },
    techniques: { pruning: [{}, { name: '80', distillation: { teacher: 'b.h5' } }], qat: { distillation: true }, ptq: false },
  };

  it('are found for all training and in each variant of a technique, and replaced there', () => {
    expect(namedTeachers(all)).toEqual([
      { field: ['training', 'distillation', 'teacher'], path: 'a.h5' },
      { field: ['techniques', 'pruning', 1, 'distillation', 'teacher'], path: 'b.h5' },
    ]);
    expect(withTeachers(all, (file) => `../${file}`)).toEqual({
      training: { distillation: { teacher: '../a.h5', weight: 1 } },
      techniques: { pruning: [{}, { name: '80', distillation: { teacher: '../b.h5' } }], qat: { distillation: true }, ptq: false },
    });
    expect(withTeachers({ model: 'x' }, () => 'y')).toEqual({ model: 'x' });
  });

  it('count in keys by their bytes', () => {
    const stage = (teacher: string) => ({ technique: 'qat', options: { distillation: { teacher } } }) as const;
    const key = (teacher: string, digest: string): string => stageKey('p', stage(teacher), [], new Map([[teacher, digest]]));
    expect(key('a.h5', '1')).toBe(key('b.h5', '1'));
    expect(key('a.h5', '1')).not.toBe(key('a.h5', '2'));
  });

  it('are compared with what they were where a job starts', async () => {
    const folder = project();
    const digests = await digestTeachers({ training: { distillation: { teacher: 'big' } } }, folder);
    const job = { stage: { technique: 'qat', options: { distillation: { teacher: 'big' } } }, teacher: digests.get('big') } as const;
    await expect(requireSameTeacher(job, folder)).resolves.toBeUndefined();
    write(folder, 'big', digitsCnn({ seed: 3 }));
    await expect(requireSameTeacher(job, folder)).rejects.toThrow('the teacher was changed since the job was submitted');
  });
});
