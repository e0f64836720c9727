/** A search that cannot find anything is a run that failed, and a search of several models knows each by its own measurements. */
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { chosenTarget } from '../../../src/core/hardware/targets.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { listRuns } from '../../../src/core/tree/list-runs.ts';
import { searchSupport } from '../../../src/core/tree/search-support.ts';
import { startSession } from '../../../src/core/tree/session.ts';
import { readEvents } from '../../../src/core/tree/store/event-log.ts';
import { writeSealedJson } from '../../../src/core/tree/store/sealed-file.ts';
import { localEnvironment } from '../../support/local-environment.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { seededParameter } from '../train/training-fixtures.ts';

const signal = new AbortController().signal;
const data = { format: 'generated', set: 'digits', limit: { train: 120, test: 20 }, validation: 0.5 } as const;

/** A float file of one layer with this name. */
function writeModel(folder: string, layer: string): string {
  const builder = new NetworkBuilder(layer);
  const input = builder.flatten('flatten', builder.input([28, 28, 1]));
  const file = path.join(folder, `${layer}.tflite`);
  writeFileSync(
    file,
    writeTflite({ kind: 'float', network: builder.build([builder.dense(layer, input, { kernel: seededParameter([10, 784], 4) })]) }),
  );
  return file;
}

it('a search without enough validation examples has failed: it is not interrupted, and nobody is asked to resume it', async () => {
  const folder = temporaryFolder();
  writeModel(folder, 'head');
  const file = path.join(folder, 'a.espalier.json');
  const few = { ...data, validation: 0.1 };
  const strategy = { kind: 'pareto', steps: 600, budgets: [{ compressedBytes: 5000 }] };
  writeFileSync(file, JSON.stringify({ model: 'head.tflite', data: few, strategy, measure: { latency: false }, engine: { threads: 1 } }));
  const session = await startSession(file, {}, localEnvironment);
  const { outcome, reason } = await session.run(() => undefined, signal);
  expect(outcome).toBe('failed');
  expect(reason).toContain(
    'it needs 50, better 500, and there are 12; "validation": 0.42 of the data block holds back enough of the 120 training examples',
  );
  expect(readEvents(path.join(session.runFolder, 'events.jsonl')).at(-1)).toMatchObject({
    type: 'run-finished',
    outcome: 'failed',
    reason,
  });
  expect((await listRuns(folder, () => false)).map((run) => run.outcome)).toEqual(['failed']);
});

it('two models of one run keep what was measured of each', async () => {
  const folder = temporaryFolder();
  const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
  const models = ['first', 'second'].map((name) => ({ name, path: `${name}.h5`, data, dataFolder: folder, inputShapes: undefined }));
  const found: number[] = [];
  for (const [index, model] of models.entries()) {
    // Measured by an earlier run of this model.
    const file = path.join(folder, `cached-${model.name}.json`);
    await writeSealedJson(file, { sensitivity: { layers: [] }, stepSeconds: index + 1, baselineError: 0.1 });
    const support = searchSupport({
      recipe: { models },
      folder,
      model,
      engine,
      target: chosenTarget(undefined, undefined),
      threadScript: undefined,
      file,
    });
    found.push((await support.basis(folder, signal, () => undefined)).stepSeconds);
  }
  expect(found).toEqual([1, 2]);
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(['search-first.json', 'search-second.json']));
});
