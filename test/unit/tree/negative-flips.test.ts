/** A real run of a small network: what its files get wrong is kept with the results, and read again with pictures. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PNG } from 'pngjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeTfjsLayers } from '../../../src/core/export/tfjs-layers.ts';
import { digitsCnn } from '../../../src/core/models/digits-cnn.ts';
import { negativeFlips } from '../../../src/core/scoring/mistakes.ts';
import { findNegativeFlips } from '../../../src/core/tree/operations/find-negative-flips.ts';
import { startSession } from '../../../src/core/tree/session.ts';
import { readResult } from '../../../src/core/tree/store/result-folder.ts';
import { resultPath } from '../../../src/core/tree/store/run-store.ts';
import { localEnvironment } from '../../support/local-environment.ts';
import { mostFlipsShown, type NegativeFlips, type NotRecorded } from '../../../src/shared/negative-flips.ts';
import type { NodeMetrics } from '../../../src/shared/results.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const samples = 200;
const recipe = {
  model: 'net/model.json',
  data: { format: 'generated', set: 'digits', trainSize: 200, testSize: samples },
  // Random weights, all but one in ten pruned without training: other mistakes than before.
  training: { steps: 1, batchSize: 8 },
  techniques: { pruning: { sparsity: 0.9 } },
  nodes: ['pruned'],
  measure: { latency: false },
};
const metrics = new Map<string, NodeMetrics>();
let runFolder = '';

const ask = (node: string, mayRead = true): Promise<NegativeFlips | NotRecorded> =>
  findNegativeFlips({ runFolder, model: 'net', node, mayRead: () => mayRead });

beforeAll(async () => {
  mkdirSync(path.join(folder, 'net'));
  const { json, weights } = writeTfjsLayers(digitsCnn({ seed: 1 }));
  writeFileSync(path.join(folder, 'net', 'model.json'), json);
  writeFileSync(path.join(folder, 'net', 'weights.bin'), weights);
  const file = path.join(folder, 'net.espalier.json');
  writeFileSync(file, JSON.stringify(recipe));
  const session = await startSession(file, {}, localEnvironment);
  ({ runFolder } = session);
  const { outcome } = await session.run((event) => {
    if (event.type === 'node-finished') metrics.set(event.node, event.metrics);
  }, new AbortController().signal);
  expect(outcome).toBe('done');
}, 60_000);

describe('negative flips', () => {
  it('are those that only the later file gets wrong', () => {
    const before = { samples: 9, mistakes: [[2, 0, 1]] } as const;
    const after = {
      samples: 9,
      mistakes: [
        [2, 0, 3],
        [5, 1, 0],
      ],
    } as const;
    expect(negativeFlips(before, after)).toEqual([[5, 1, 0]]);
  });

  it('are kept in the sealed result, one mistake for each example that is not right', async () => {
    for (const node of ['baseline', 'pruned']) {
      const found = await readResult(path.join(runFolder, resultPath('net', node)));
      const mistakes = found.kind === 'sound' ? found.outcome.mistakes : undefined;
      expect(mistakes?.samples).toBe(samples);
      expect(mistakes?.mistakes).toHaveLength(Math.round(samples * (1 - (metrics.get(node)?.deployed?.top1 ?? 0))));
      expect(mistakes?.mistakes.every(([example, label, predicted]) => example < samples && label !== predicted)).toBe(true);
    }
  });

  it('are read with their pictures, at most two dozen', async () => {
    const found = await ask('pruned');
    if (found.kind === 'not-recorded') throw new Error('nothing is recorded');
    expect(found).toMatchObject({ samples, shows: 'image' });
    expect(found.total).toBeGreaterThan(0);
    expect(found.examples).toHaveLength(Math.min(found.total, mostFlipsShown));
    for (const { label, predicted, picture } of found.examples) {
      expect(label).not.toBe(predicted);
      const png = PNG.sync.read(Buffer.from(picture?.replace('data:image/png;base64,', '') ?? '', 'base64'));
      expect([png.height, png.width]).toEqual([28, 28]);
    }
    expect(await ask('baseline')).toMatchObject({ total: 0, examples: [] });
  });

  it('are not read from files that may not be read, nor from other data than the run has measured', async () => {
    await expect(ask('pruned', false)).rejects.toThrow(/net.+lies outside of the workspace/);
    await expect(ask('clustered')).rejects.toThrow(/is missing; run the recipe again/);
    const stored = path.join(runFolder, 'recipe.json');
    const text = readFileSync(stored, 'utf8');
    writeFileSync(stored, text.replace(`"testSize": ${samples}`, '"testSize": 100'));
    // The copy of the recipe is sealed.
    await expect(ask('pruned')).rejects.toThrow(/recipe\.json/);
    writeFileSync(stored, text);
  });
});
