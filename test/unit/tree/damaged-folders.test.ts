/** Wrong kinds of entries in a store, such as a folder in place of a file: each is reported, harms no other run and loses no work. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { findRun } from '../../../src/cli/run/find-run.ts';
import { cleanRuns, listRuns } from '../../../src/core/tree/list-runs.ts';
import { verifyStore } from '../../../src/core/tree/operations/verify-store.ts';
import { encodeEvent, EventLog } from '../../../src/core/tree/store/event-log.ts';
import { folderName } from '../../../src/core/tree/store/folder-names.ts';
import { soundTflite } from '../../../src/core/tree/store/result-folder.ts';
import { claimRun } from '../../../src/core/tree/store/run-owner.ts';
import { cacheFolder, runFiles, runsFolder, sizeOnDisk, stageStore } from '../../../src/core/tree/store/run-store.ts';
import type { RunEvent } from '../../../src/shared/events.ts';
import { smallRun, type SmallRun } from '../../support/small-store.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const self = { process: 1 };
const nobody = (): boolean => false;
const context = { signal: new AbortController().signal, onProgress: () => undefined, threadScript: undefined };

let original = '';
let first: SmallRun;
beforeAll(async () => {
  original = temporaryFolder();
  first = await smallRun(original, 'first');
  await smallRun(original, 'second', { data: 'other' });
});

function copy(): { readonly folder: string; readonly run: string } {
  const folder = temporaryFolder();
  cpSync(path.join(original, '.espalier'), path.join(folder, '.espalier'), { recursive: true });
  return { folder, run: path.join(runsFolder(folder), 'first') };
}

/** As a killed process leaves it. */
function cutLog(run: string): void {
  const log = path.join(run, runFiles.events);
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  writeFileSync(log, `${lines.slice(0, -1).join('\n')}\n`);
}

function pipe(file: string): void {
  rmSync(file, { force: true });
  execFileSync('mkfifo', [file]);
}

const outcomes = async (folder: string): Promise<unknown> =>
  Object.fromEntries((await listRuns(folder, nobody)).map(({ runId, outcome }) => [runId, outcome]));

const figures = ({ finished }: SmallRun): unknown => [...finished].map(([node, { metrics }]) => [node, metrics]);

describe('a run', () => {
  it.each<readonly [string, string, (run: string) => void]>([
    ['a file in place of its claims', 'interrupted', (run) => writeFileSync(path.join(run, '.owner'), '')],
    ['a folder in place of its owner', 'interrupted', (run) => mkdirSync(path.join(run, '.owner/1/process.json'), { recursive: true })],
    [
      'a recipe that links to itself',
      'damaged',
      (run) => {
        rmSync(path.join(run, runFiles.recipe));
        symlinkSync(runFiles.recipe, path.join(run, runFiles.recipe));
      },
    ],
  ])('with %s leaves the others alone', async (_what, outcome, damage) => {
    const { folder, run } = copy();
    cutLog(run);
    damage(run);
    expect(await outcomes(folder)).toEqual({ first: outcome, second: 'done' });
    const { runs } = await verifyStore(folder, { accuracy: false, context });
    expect(runs.map(({ problems }) => problems.length)).toEqual([outcome === 'damaged' ? 1 : 0, 0]);
    await cleanRuns(folder, [run], { cache: false, self, isAlive: nobody });
    expect(readdirSync(runsFolder(folder))).toEqual(['second']);
  });

  it.skipIf(process.platform === 'win32')('with pipes in place of its files is damaged, and nothing waits for them', async () => {
    const { folder, run } = copy();
    pipe(path.join(run, runFiles.events));
    expect(await outcomes(folder)).toEqual({ first: 'damaged', second: 'done' });
    expect(() => new EventLog(path.join(run, runFiles.events), () => undefined)).toThrow('is neither a file nor a folder; remove it');
    pipe(path.join(run, runFiles.recipe));
    pipe(path.join(run, 'net', 'pruned', 'result', 'manifest.json'));
    expect(await outcomes(folder)).toEqual({ first: 'damaged', second: 'done' });
    const { runs } = await verifyStore(folder, { accuracy: false, context });
    expect(runs.map(({ problems }) => problems.length)).toEqual([1, 0]);
  });

  it('whose events are not understood leaves the others alone', async () => {
    const { folder, run } = copy();
    // Sealed as it should be, as a later version would write it.
    const later: RunEvent = JSON.parse('{"type":"run-started","runId":"first","time":1,"sequence":0}');
    writeFileSync(path.join(run, runFiles.events), encodeEvent(later, '').line);
    const [damaged, second] = await listRuns(folder, nobody);
    expect(second).toMatchObject({ runId: 'second', outcome: 'done' });
    expect(damaged).toMatchObject({
      runId: 'first',
      outcome: 'damaged',
      problem: expect.stringContaining('it is not understood (TypeError'),
    });
    const { runs } = await verifyStore(folder, { accuracy: false, context });
    expect(runs.map(({ problems }) => problems.length)).toEqual([1, 0]);
  });

  it('counts links as themselves, which may lead round in circles', async () => {
    const { run } = copy();
    const before = await sizeOnDisk(run);
    for (const name of ['a', 'b', 'c']) symlinkSync('.', path.join(run, name));
    expect(await sizeOnDisk(run)).toBe(before + 3);
  });

  it('that another process goes on with since it was listed is not deleted', async () => {
    const { folder, run } = copy();
    cutLog(run);
    let asked = 0;
    const release = await claimRun(run, { process: 7 }, nobody);
    // Dead when the runs are listed, as if it had begun just after.
    const isAlive = (): boolean => asked++ > 0;
    await expect(cleanRuns(folder, [run], { cache: false, self, isAlive })).rejects.toThrow('this run is going on in process 7');
    expect(existsSync(path.join(run, runFiles.recipe))).toBe(true);
    release();
  });

  it('that was deleted meanwhile does not come back without its recipe', async () => {
    const { run } = copy();
    rmSync(run, { recursive: true });
    await expect(claimRun(run, self, nobody)).rejects.toThrow('the run was deleted');
    expect(existsSync(run)).toBe(false);
  });

  it('is found by the start of its id where no other begins alike', async () => {
    const { folder, run } = copy();
    cpSync(run, path.join(runsFolder(folder), 'fir'), { recursive: true });
    expect(await findRun(folder, 'first')).toBe(run);
    expect(await findRun(folder, 'fir')).toBe(path.join(runsFolder(folder), 'fir'));
    expect(await findRun(folder, 's')).toBe(path.join(runsFolder(folder), 'second'));
    await expect(findRun(folder, 'f')).rejects.toThrow('2 runs begin with "f"; give more of its id: ');
    // An empty variable of a script is no run.
    await expect(findRun(folder, '')).rejects.toThrow('there is no run ""');
  });
});

describe('a result', () => {
  it('stays where a user or a file manager puts files beside it', async () => {
    const { folder, run } = copy();
    for (const node of ['baseline', 'pruned']) writeFileSync(path.join(run, 'net', node, 'result', '.DS_Store'), 'x');
    writeFileSync(path.join(run, 'net', 'pruned', 'result', 'model.cc'), 'unsigned char model[] = {};');
    const { runs } = await verifyStore(folder, { accuracy: false, context });
    expect(runs.flatMap(({ problems }) => problems)).toEqual([]);
    expect(await smallRun(folder, 'first')).toMatchObject({ made: [], warnings: [] });
    expect(existsSync(path.join(run, 'net', 'pruned', 'result', 'model.cc'))).toBe(true);
    // This one would be taken for the result's.
    writeFileSync(path.join(run, 'net', 'pruned', 'result', 'model.packed.tflite'), 'x');
    const again = await verifyStore(folder, { accuracy: false, context });
    expect(again.runs.flatMap(({ problems }) => problems)).toMatchObject([{ message: 'model.packed.tflite is not part of the result' }]);
  });

  it('gives its .tflite as it was written, or not at all', async () => {
    const { run } = copy();
    const result = path.join(run, 'net', 'pruned', 'result');
    const bytes = readFileSync(path.join(result, 'model.tflite'));
    expect(bytes.equals(await soundTflite(result))).toBe(true);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(path.join(result, 'model.tflite'), bytes);
    await expect(soundTflite(result)).rejects.toThrow('is damaged: model.tflite has other bytes than were written; resume the run');
    await expect(soundTflite(path.join(run, 'none'))).rejects.toThrow('is missing');
  });

  it('is made once more where the cache has that of other work under its name, and then found', async () => {
    const { folder } = copy();
    const cache = cacheFolder(folder);
    const [a = '', b = ''] = readdirSync(cache);
    renameSync(path.join(cache, a), path.join(cache, '.t'));
    renameSync(path.join(cache, b), path.join(cache, a));
    renameSync(path.join(cache, '.t'), path.join(cache, b));
    const third = [await smallRun(folder, 'third'), await smallRun(folder, 'third-other', { data: 'other' })];
    expect(third.flatMap(({ warnings }) => warnings)).toEqual(
      Array.from(
        { length: 2 },
        () => 'the result in the cache is damaged (it is of other work than its name says): it is not used, and made again',
      ),
    );
    expect(third.flatMap(({ made }) => made)).toHaveLength(2);
    expect((await smallRun(folder, 'fourth')).made).toEqual([]);
    expect((await smallRun(folder, 'fourth-other', { data: 'other' })).made).toEqual([]);
  });

  it('is made without a cache where there is a file in its place', async () => {
    const { folder } = copy();
    rmSync(cacheFolder(folder), { recursive: true });
    writeFileSync(cacheFolder(folder), '');
    const { made, warnings, ...run } = await smallRun(folder, 'third');
    expect(made).toEqual(['baseline', 'pruned']);
    expect(warnings).toEqual(expect.arrayContaining([expect.stringMatching(/^the cache is not used: .*a part of the path is a file/)]));
    expect(figures({ made, warnings, ...run })).toEqual(figures(first));
    await expect(verifyStore(folder, { accuracy: false, context })).rejects.toThrow('cache: a part of the path is a file');
  });

  it('is kept whatever stands in place of its checkpoint', async () => {
    const { run } = copy();
    const warnings: string[] = [];
    const key = 'k'.repeat(64);
    const checkpoint = path.join(run, 'net', 'pruned', `checkpoint-${key.slice(0, 16)}`);
    const store = stageStore({
      runFolder: run,
      cacheFolder: path.join(run, 'cache'),
      model: 'net',
      node: 'pruned',
      key,
      warn: (text) => warnings.push(text),
    });
    mkdirSync(path.join(checkpoint, 'below'), { recursive: true });
    expect(await store.checkpoint.load()).toBeUndefined();
    expect(warnings).toEqual(['the checkpoint is damaged: this stage starts from its beginning']);
    expect(existsSync(checkpoint)).toBe(false);
    await store.checkpoint.save(Uint8Array.of(1));
    expect(await store.checkpoint.load()).toEqual(Uint8Array.of(1));
  });
});

describe('a store', () => {
  it('takes notes beside its runs for no run', async () => {
    const { folder } = copy();
    writeFileSync(path.join(runsFolder(folder), 'notes.txt'), 'the second is better');
    const { runs } = await verifyStore(folder, { accuracy: false, context });
    expect(runs.map(({ runId, problems }) => [runId, problems])).toEqual([
      ['first', []],
      ['second', []],
    ]);
  });

  it('keeps halves of characters apart, which are all alike in UTF-8', () => {
    expect(folderName('\ud800')).not.toBe(folderName('\ud801'));
    // As before for all other names.
    expect(folderName('数字')).toBe('_~c16ec9274e9d13d1');
  });
});
