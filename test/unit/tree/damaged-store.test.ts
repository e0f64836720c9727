/** Whatever happens to a file of a store, its content is delivered as it was written or not at all. */
import type * as FileSystem from 'node:fs';
import type * as FilePromises from 'node:fs/promises';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { readRun } from '../../../src/core/report/read-run.ts';
import { cleanRuns, listRuns } from '../../../src/core/tree/list-runs.ts';
import { verifyStore, type StoreVerification } from '../../../src/core/tree/operations/verify-store.ts';
import { isEspalierError } from '../../../src/core/errors.ts';
import { createRandom } from '../../../src/core/random.ts';
import { damagedEventsFile } from '../../../src/core/tree/store/event-log.ts';
import { cacheFolder, runFiles, runsFolder } from '../../../src/core/tree/store/run-store.ts';
import type { RunEvent } from '../../../src/shared/events.ts';
import { smallRun, smallTreeNodes as nodes, type SmallRun } from '../../support/small-store.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const nobody = (): boolean => false;

// Nothing here is to outlast the machine, and hundreds of runs would wait for the disk.
vi.mock('node:fs', async (load) => ({ ...(await load<typeof FileSystem>()), fsyncSync: () => undefined }));
vi.mock('node:fs/promises', async (load) => {
  const fs = await load<typeof FilePromises>();
  const open: typeof fs.open = async (...parameters) => Object.assign(await fs.open(...parameters), { sync: () => Promise.resolve() });
  return { ...fs, open };
});

let original = '';
let first: SmallRun;
let files: readonly string[] = [];
beforeAll(async () => {
  original = temporaryFolder();
  first = await smallRun(original, 'first');
  // Of other data, so that each file has another that may be put in its place.
  await smallRun(original, 'second', { data: 'other' });
  files = readdirSync(path.join(original, '.espalier'), { recursive: true, encoding: 'utf8' }).filter(
    (name) => statSync(path.join(original, '.espalier', name)).isFile() && !name.includes('second') && !name.endsWith('.gitignore'),
  );
});

function copy(): string {
  const folder = temporaryFolder();
  cpSync(path.join(original, '.espalier'), path.join(folder, '.espalier'), { recursive: true });
  return folder;
}

const random = createRandom(24);
const below = (limit: number): number => Math.floor(random.next() * limit);

/** Each changes a file; false where the file stays as it is. */
const damages: Readonly<Record<string, (file: string) => boolean>> = {
  truncated(file) {
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, below(bytes.length)));
    return true;
  },
  emptied(file) {
    writeFileSync(file, '');
    return true;
  },
  flipped(file) {
    const bytes = readFileSync(file);
    const place = below(bytes.length);
    bytes[place] = (bytes[place] ?? 0) ^ (1 << below(8));
    writeFileSync(file, bytes);
    return true;
  },
  swapped(file) {
    const bytes = readFileSync(file);
    const others = siblings(file).filter((other) => !readFileSync(other).equals(bytes));
    const [other] = others.slice(below(others.length));
    if (other === undefined) return false;
    writeFileSync(file, readFileSync(other));
    return true;
  },
  removed(file) {
    rmSync(file);
    return true;
  },
  'made a folder'(file) {
    rmSync(file);
    mkdirSync(file);
    return true;
  },
};

/** Files of the same name in the same store. */
function siblings(file: string): readonly string[] {
  const store = file.slice(0, file.indexOf('.espalier') + '.espalier'.length);
  return readdirSync(store, { recursive: true, encoding: 'utf8' })
    .filter((name) => path.basename(name) === path.basename(file))
    .map((name) => path.join(store, name))
    .filter((other) => other !== file && statSync(other).isFile());
}

const figures = ({ finished }: SmallRun): unknown => nodes.map((node) => [finished.get(node)?.metrics, finished.get(node)?.densities]);

/** The files that users take. */
function deployed(runFolder: string): readonly string[] {
  return nodes.map((node) => readFileSync(path.join(runFolder, 'net', node, 'result', 'model.tflite')).toString('hex'));
}

const verify = (folder: string): Promise<StoreVerification> =>
  verifyStore(folder, {
    accuracy: false,
    context: { signal: new AbortController().signal, onProgress: () => undefined, threadScript: undefined },
  });

const problemsOf = ({ runs, cache }: StoreVerification): readonly string[] =>
  [...runs.flatMap(({ problems }) => problems), ...(cache?.problems ?? [])].map(({ message }) => message);

/** What a report shows of a run: all of it, what was there before a line that was cut off, or nothing. */
async function reported(runFolder: string): Promise<readonly RunEvent[] | 'refused'> {
  try {
    return (await readRun(runFolder)).events;
  } catch (error) {
    if (!isEspalierError(error)) throw error;
    return 'refused';
  }
}

/** A folder in the place of the log: the run is not gone on with. */
function refused(error: unknown): undefined {
  if (!isEspalierError(error)) throw error;
}

describe('a store', () => {
  it('is sound as it was written, and taken from without any work', async () => {
    const folder = copy();
    expect(problemsOf(await verify(folder))).toEqual([]);
    const again = await smallRun(folder, 'third');
    expect(again.made).toEqual([]);
    expect(figures(again)).toEqual(figures(first));
  });

  describe.each(Object.entries(damages))('with a file that is %s', (what, damage) => {
    it('delivers what was written or nothing, by whichever file', async () => {
      const folder = copy();
      const runFolder = path.join(runsFolder(folder), 'first');
      const log = path.join(runFolder, runFiles.events);
      const logBefore = readFileSync(log);
      // A cut or a flipped bit may hit any place.
      const tries = what === 'truncated' || what === 'flipped' ? 2 : 1;
      for (const name of files.flatMap((file) => Array.from({ length: tries }, () => file))) {
        const about = `${name} ${what}`;
        const file = path.join(folder, '.espalier', name);
        const before = readFileSync(file);
        if (!damage(file)) continue;

        const summaries = await listRuns(folder, nobody);
        expect([about, summaries.map(({ runId }) => runId).sort()]).toEqual([about, ['first', 'second']]);
        const others = summaries.filter(({ runId }) => !name.includes(runId));
        expect([about, others.map(({ outcome }) => outcome)]).toEqual([about, others.map(() => 'done')]);
        const shown = await reported(runFolder);
        if (shown !== 'refused') expect([about, shown]).toEqual([about, first.events.slice(0, shown.length)]);
        // What is left of a log that was cut is what a killed process leaves.
        const isCutLog = shown !== 'refused' && name.endsWith(runFiles.events);
        expect([about, problemsOf(await verify(folder)).length > 0]).toEqual([about, !isCutLog]);

        // A new run takes from the cache; the same run, gone on with, takes from its own folder.
        const again = await smallRun(folder, name.startsWith('cache') ? 'third' : 'first').catch(refused);
        if (again !== undefined)
          expect([about, figures(again), deployed(again.runFolder)]).toEqual([about, figures(first), deployed(first.runFolder)]);

        rmSync(path.join(runsFolder(folder), 'third'), { recursive: true, force: true });
        rmSync(path.join(runFolder, damagedEventsFile), { force: true });
        rmSync(log, { recursive: true, force: true });
        writeFileSync(log, logBefore);
        rmSync(file, { recursive: true, force: true });
        writeFileSync(file, before);
      }
      expect(problemsOf(await verify(folder))).toEqual([]);
    }, 120_000);
  });

  it('repairs by doing the work again, and says so', async () => {
    const folder = copy();
    for (const entry of readdirSync(cacheFolder(folder))) writeFileSync(path.join(cacheFolder(folder), entry, 'metrics.json'), '[]');
    const runFolder = path.join(runsFolder(folder), 'first');
    writeFileSync(path.join(runFolder, 'net', 'pruned', 'result', 'metrics.json'), '[]');
    const resumed = await smallRun(folder, 'first');
    expect(resumed.made).toEqual(['pruned']);
    expect(resumed.warnings).toEqual([
      expect.stringMatching(
        /^the result in this run's folder is damaged \(metrics\.json has 2 bytes instead of \d+\): it is not used, and made again$/,
      ),
      expect.stringMatching(/^the result in the cache is damaged \(metrics\.json has 2 bytes instead of \d+\)/),
    ]);
    // The cache has the result again; the next run finds it there.
    const fresh = await smallRun(folder, 'third');
    expect(fresh.made).toEqual(['baseline']);
    expect((await smallRun(folder, 'fourth')).made).toEqual([]);
    const { runs, cache } = await verify(folder);
    expect(runs.flatMap(({ problems }) => problems)).toEqual([]);
    // Those of the second run's data, which no run has asked for since.
    expect(cache).toMatchObject({ verified: 2, problems: [{}, {}] });
  });

  it('lists a damaged run and one without events, and deletes both', async () => {
    const folder = copy();
    writeFileSync(path.join(runsFolder(folder), 'first', runFiles.events), '{}\n');
    mkdirSync(path.join(runsFolder(folder), '20260102-030405-abcdef'));
    writeFileSync(path.join(runsFolder(folder), 'notes.txt'), 'no run');
    const summaries = await listRuns(folder, nobody);
    expect(Object.fromEntries(summaries.map(({ runId, outcome, problem }) => [runId, [outcome, problem]]))).toEqual({
      first: [
        'damaged',
        expect.stringMatching(/events\.jsonl: line 1 is damaged; `espalier run --resume first` goes on from what is intact/),
      ],
      second: ['done', undefined],
      '20260102-030405-abcdef': ['damaged', expect.stringContaining("recipe.json: is missing, the run's copy of its recipe")],
    });
    expect(summaries.find(({ runId }) => runId.startsWith('2026'))?.startedAt).toBe(Date.UTC(2026, 0, 2, 3, 4, 5));
    const damaged = summaries.filter(({ outcome }) => outcome === 'damaged').map(({ runFolder }) => runFolder);
    await cleanRuns(folder, damaged, { cache: false, self: { process: 1 }, isAlive: nobody });
    expect(readdirSync(runsFolder(folder)).sort()).toEqual(['notes.txt', 'second']);
  });
});
