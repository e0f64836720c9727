import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { anyTarget } from '../../../src/core/hardware/targets.ts';
import { damagedRecommendations, recommendedFolder, writeRecommended } from '../../../src/core/tree/recommended-files.ts';
import { verifyStore } from '../../../src/core/tree/operations/verify-store.ts';
import { cacheFolder } from '../../../src/core/tree/store/run-store.ts';
import { searchSupport, type SearchBasis } from '../../../src/core/tree/search-support.ts';
import { writeSealedJson } from '../../../src/core/tree/store/sealed-file.ts';
import type { RunEvent } from '../../../src/shared/events.ts';
import { smallRun } from '../../support/small-store.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const finished = (model: string, node: string, budget: number): RunEvent => ({
  type: 'run-finished',
  outcome: 'done',
  reason: '',
  chosen: [{ model, node, budget }],
  time: 0,
  sequence: 0,
});

describe('recommended files', () => {
  it('lie in their folder, whatever the model is called', async () => {
    const runFolder = path.join(temporaryFolder(), 'a', 'run');
    mkdirSync(runFolder, { recursive: true });
    const given = { place: 1, tflite: Uint8Array.of(1), recipe: {} };
    for (const model of ['../../out', 'a/b', 'net']) {
      const files = await writeRecommended(runFolder, { model, ...given });
      for (const file of Object.values(files)) expect(path.dirname(file)).toBe(path.join(runFolder, recommendedFolder));
    }
    expect(readdirSync(path.dirname(runFolder))).toEqual(['run']);
    expect(readdirSync(path.join(runFolder, recommendedFolder))).toHaveLength(6);
    expect(existsSync(path.join(runFolder, recommendedFolder, 'net-budget-1.tflite'))).toBe(true);
  });

  it('are damaged where they are not the file of the node that was chosen', async () => {
    const { runFolder } = await smallRun(temporaryFolder(), 'first');
    const events = [finished('net', 'pruned', 1)];
    const damaged = [{ model: 'net', node: 'pruned', budget: 1 }];
    expect(await damagedRecommendations(runFolder, events)).toEqual(damaged);
    const tflite = new Uint8Array(readFileSync(path.join(runFolder, 'net', 'pruned', 'result', 'model.tflite')));
    const files = await writeRecommended(runFolder, { model: 'net', place: 2, tflite, recipe: {} });
    expect(await damagedRecommendations(runFolder, events)).toEqual([]);
    expect(await damagedRecommendations(runFolder, [])).toEqual([]);
    tflite[100] = (tflite[100] ?? 0) ^ 1;
    writeFileSync(files.tflite, tflite);
    expect(await damagedRecommendations(runFolder, events)).toEqual(damaged);
  });
});

describe('what a search has measured', () => {
  const basis: SearchBasis = {
    sensitivity: { divergence: 'KL divergence', examples: 1, engine: 'e', overhead: { raw: 1, gzip: 1, packed: 1, ethosU: 0 }, layers: [] },
    stepSeconds: 0.01,
    baselineError: 0.1,
    validationExamples: 500,
  };

  async function support(): Promise<{
    readonly folder: string;
    readonly own: string;
    readonly file: string;
    readonly reports: readonly string[];
    readonly ask: (place: string) => Promise<SearchBasis>;
  }> {
    const folder = temporaryFolder();
    const runFolder = path.join(folder, 'run');
    mkdirSync(runFolder);
    const file = path.join(folder, 'cache', 'search-0.json');
    mkdirSync(path.dirname(file));
    await writeSealedJson(file, basis);
    const reports: string[] = [];
    const ask = (place: string): Promise<SearchBasis> =>
      searchSupport({
        recipe: { model: 'net.h5' },
        folder,
        model: { name: 'net', path: 'net.h5', data: { format: 'generated', set: 'digits' }, dataFolder: folder, inputShapes: undefined },
        engine: {
          name: 'tfjs',
          description: 'fake',
          threads: 1,
          compile: () => Promise.reject(new Error('nothing is to be measured')),
        },
        target: anyTarget,
        threadScript: undefined,
        file: place,
      }).basis(runFolder, new AbortController().signal, (message) => reports.push(message));
    return { folder, own: path.join(runFolder, 'search.json'), file, reports, ask };
  }

  it('is taken from the run, which needs no cache then', async () => {
    const { folder, own, file, ask } = await support();
    expect(await ask(file)).toEqual(basis);
    expect(existsSync(own)).toBe(true);
    writeFileSync(path.join(folder, 'no-folder'), '');
    expect(await ask(path.join(folder, 'no-folder', 'search-0.json'))).toEqual(basis);
  });

  it('is not taken from the cache where it is of other work than its name says', async () => {
    const { own, file, reports, ask } = await support();
    await writeSealedJson(file, { ...basis, of: 'search-other.json' });
    await expect(ask(file)).rejects.toThrow();
    expect(existsSync(own)).toBe(false);
    expect(reports).toEqual([`search: ${file}: is of other work than its name says; layers and steps are measured again`]);
    const problems = async (): Promise<unknown> => {
      const context = { signal: new AbortController().signal, onProgress: () => undefined, threadScript: undefined };
      return (await verifyStore(store, { accuracy: false, context })).cache?.problems;
    };
    const store = temporaryFolder();
    const entry = path.join(cacheFolder(store), 'search-0.json');
    mkdirSync(path.dirname(entry), { recursive: true });
    await writeSealedJson(entry, { ...basis, of: 'search-0.json' });
    expect(await problems()).toEqual([]);
    await writeSealedJson(entry, { ...basis, of: 'search-1.json' });
    expect(await problems()).toEqual([{ entry: 'search-0.json', message: 'it is of other work than its name says' }]);
  });

  it('is taken from the cache where it is damaged in the run, which is said', async () => {
    const { own, file, reports, ask } = await support();
    await ask(file);
    const whole = readFileSync(own, 'utf8');
    writeFileSync(own, whole.replace('0.01', '0.02'));
    expect(await ask(file)).toEqual(basis);
    expect(reports).toEqual([`search: ${own}: is damaged, or of an earlier version; layers and steps are measured again`]);
    expect(readFileSync(own, 'utf8')).toBe(whole);
  });
});
