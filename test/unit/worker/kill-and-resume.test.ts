/** A run in a real child process that is killed at any moment and resumed ends with the same files, byte for byte. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTfjsLayers } from '../../../src/core/export/tfjs-layers.ts';
import { digitsCnn } from '../../../src/core/models/digits-cnn.ts';
import { listRuns } from '../../../src/core/tree/list-runs.ts';
import { readOwner } from '../../../src/core/tree/store/run-owner.ts';
import type { RunEvent } from '../../../src/shared/events.ts';
import type { Recipe } from '../../../src/shared/recipe/recipe.ts';
import { isAlive } from '../../../src/worker/process-identity.ts';
import { bundleWorker, runInWorker } from '../../support/bundled-worker.ts';
import type { BundledWorker } from '../../support/bundled-worker.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

let worker: BundledWorker;
beforeAll(async () => {
  worker = await bundleWorker();
});
afterAll(() => worker.remove());

/** Two branches; more steps than lie between two checkpoints. */
const recipe: Recipe = {
  model: 'model.json',
  data: { format: 'generated', set: 'digits', trainSize: 96, testSize: 20 },
  training: { steps: 230, batchSize: 8 },
  nodes: ['pruned/ptq', 'clustered'],
  measure: { latency: false },
};

function project(engine: Recipe['engine'], changed: Partial<Recipe> = {}): string {
  const folder = temporaryFolder();
  const { json, weights } = writeTfjsLayers(digitsCnn({ seed: 1 }));
  writeFileSync(path.join(folder, 'model.json'), json);
  mkdirSync(path.join(folder, 'weights'), { recursive: true });
  writeFileSync(path.join(folder, 'weights.bin'), weights);
  const file = path.join(folder, 'net.espalier.json');
  writeFileSync(file, JSON.stringify({ ...recipe, ...changed, engine }));
  return file;
}

/** All files of finished nodes by name; times differ from run to run, and with them the digest of what tells them. */
function resultFiles(runFolder: string): ReadonlyMap<string, string> {
  const files = readdirSync(runFolder, { recursive: true, encoding: 'utf8' }).filter((name) => /[\\/]result[\\/](?!manifest)/.test(name));
  return new Map(
    files.map((name) => {
      const bytes = readFileSync(path.join(runFolder, name));
      return [name, name.endsWith('metrics.json') ? withoutTimes(bytes.toString()) : bytes.toString('base64')];
    }),
  );
}

function withoutTimes(metrics: string): string {
  return JSON.stringify(JSON.parse(metrics), (key, value: unknown) => (key === 'trainingSeconds' ? undefined : value));
}

const inPhase =
  (node: string, phase: string, fraction: number) =>
  (event: RunEvent): boolean =>
    event.type === 'node-progress' && event.node === node && event.phase === phase && event.fraction >= fraction;

describe('a killed run', () => {
  it('ends with the files of an undisturbed one, wherever it was killed, with stages in one process or in several', async () => {
    const calm = await runInWorker(worker.script, (client) => client.handler.request('startRun', { recipe: project({ threads: 1 }) }));
    expect(calm.finished?.outcome).toBe('done');
    const expected = resultFiles(calm.handle.runFolder);
    expect([...expected.keys()].filter((name) => name.endsWith('model.tflite'))).toHaveLength(4);

    const file = project({ threads: 1, processes: 2 });
    // After a checkpoint, between training and the result, and in another branch's training.
    const moments = [inPhase('pruned', 'training', 0.9), inPhase('pruned', 'evaluating', 0), inPhase('clustered', 'training', 0.5)];
    const killed = await runInWorker(worker.script, (client) => client.handler.request('startRun', { recipe: file }), moments[0]);
    expect(killed.finished).toBeUndefined();
    const { runFolder } = killed.handle;
    for (const moment of moments.slice(1)) {
      const [summary] = await listRuns(path.dirname(file), isAlive);
      expect(summary?.outcome).toBe('interrupted');
      await runInWorker(worker.script, (client) => client.handler.request('resumeRun', { runFolder }), moment);
    }
    const resumed = await runInWorker(worker.script, (client) => client.handler.request('resumeRun', { runFolder }));
    expect(resumed.finished?.outcome).toBe('done');
    expect(resultFiles(runFolder)).toEqual(expected);
    expect(readdirSync(runFolder, { recursive: true, encoding: 'utf8' }).filter((name) => /checkpoint|tmp/.test(name))).toEqual([]);
    expect(await readOwner(runFolder)).toBeUndefined();
  }, 600_000);
});

describe('a run that goes on', () => {
  it('is not resumed by a second process', async () => {
    const file = project({ threads: 1 }, { nodes: ['pruned'], training: { steps: 40, batchSize: 8 } });
    let refusal: Promise<unknown> | undefined;
    const { finished } = await runInWorker(
      worker.script,
      (client) => client.handler.request('startRun', { recipe: file }),
      (event) => {
        if (event.type === 'node-started' && event.node === 'pruned') {
          const [id] = readdirSync(path.join(path.dirname(file), '.espalier', 'runs'));
          const runFolder = path.join(path.dirname(file), '.espalier', 'runs', id ?? '');
          refusal = runInWorker(worker.script, (client) => client.handler.request('resumeRun', { runFolder })).then(
            () => undefined,
            (error: unknown) => error,
          );
        }
        return false;
      },
    );
    expect(await refusal).toMatchObject({ code: 'invalid-argument', message: expect.stringContaining('is going on in process') });
    expect(finished?.outcome).toBe('done');
  }, 300_000);
});
