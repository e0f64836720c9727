/**
 * Kill -9 of the command line and its worker at random moments and at random operations on files, of `run`, `clean` and
 * `report`: what is left is listed, goes on, and ends with the same bytes. `npm run test:kills` has 50 of each,
 * ESPALIER_KILLS another number; ESPALIER_KILL_SEED draws others.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTfjsLayers } from '../../src/core/export/tfjs-layers.ts';
import { digitsCnn } from '../../src/core/models/digits-cnn.ts';
import { createRandom } from '../../src/core/random.ts';
import { cleanRuns, listRuns } from '../../src/core/tree/list-runs.ts';
import { verifyStore } from '../../src/core/tree/operations/verify-store.ts';
import type { RecipeDocument } from '../../src/core/tree/recipe/recipe-document.ts';
import { isTemporary } from '../../src/core/tree/store/atomic-files.ts';
import type { RunSummary } from '../../src/shared/protocol.ts';
import { isAlive, ownIdentity } from '../../src/worker/process-identity.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { runCommand } from './killed-command.ts';
import type { CommandEnd, Moment } from './killed-command.ts';

const KILLS = Number(process.env['ESPALIER_KILLS'] ?? 50);
const random = createRandom(Number(process.env['ESPALIER_KILL_SEED'] ?? 1));
const moments: readonly Moment[] = ['before', 'amid', 'after'];

/** A stage that trains, the one before it and a leaf. Kills of longer trainings are in test/unit/worker/kill-and-resume.test.ts. */
const recipe: RecipeDocument = {
  model: 'net/model.json',
  data: { format: 'generated', set: 'digits', trainSize: 64, testSize: 20 },
  training: { steps: 24, batchSize: 4 },
  techniques: { pruning: { sparsity: 0.5 } },
  nodes: ['pruned/ptq'],
  measure: { latency: false },
  deploy: { pack: 'off' },
  engine: { threads: 1, processes: 1 },
  seed: 0,
};
const recipeFile = 'net.espalier.json';
const store = (folder: string): string => path.join(folder, '.espalier');

// Windows has no process groups.
/** `npm test` kills a run and `clean` only. */
const isShort = process.env['ESPALIER_KILLS'] === '1';

describe.skipIf(process.platform === 'win32')('what is killed', () => {
  const root = temporaryFolder();
  const empty = path.join(root, 'empty');
  /** With two runs: the second one has its results from the cache. */
  const finished = path.join(root, 'finished');
  let reference: ReadonlyMap<string, string>;
  /** Of a run that is not disturbed. */
  let calm: CommandEnd;
  const tallies: string[] = [];

  beforeAll(async () => {
    mkdirSync(path.join(empty, 'net'), { recursive: true });
    const { json, weights } = writeTfjsLayers(digitsCnn({ seed: 1 }));
    writeFileSync(path.join(empty, 'net', 'model.json'), json);
    writeFileSync(path.join(empty, 'net', 'weights.bin'), weights);
    writeFileSync(path.join(empty, recipeFile), JSON.stringify(recipe));
    cpSync(empty, finished, { recursive: true });
    calm = await runCommand(finished, ['run', recipeFile], { under: path.join(store(finished), 'cache') });
    expect(calm.code, calm.output).toBe(0);
    const again = await runCommand(finished, ['run', recipeFile]);
    expect(again.code, again.output).toBe(0);
    const [second, first] = await listRuns(finished, isAlive);
    reference = filesOf(first!);
    expect(reference.size).toBe(3);
    expect(filesOf(second!)).toEqual(reference);
  });
  afterAll(() => console.log(tallies.join('\n')));

  const copy = (from: string): string => {
    const folder = path.join(root, 'copy');
    rmSync(folder, { recursive: true, force: true });
    cpSync(from, folder, { recursive: true });
    return folder;
  };

  /** Draws until so many were killed: a command may end before the moment that was drawn for it. */
  const killed = async (what: string, one: () => Promise<string | undefined>): Promise<void> => {
    const where = new Map<string, number>();
    let kills = 0;
    let missed = 0;
    while (kills < KILLS) {
      const at = await one();
      if (at === undefined) {
        missed++;
        expect(missed, 'the command ends before it can be killed').toBeLessThan(20 + 2 * KILLS);
        continue;
      }
      kills++;
      where.set(at, (where.get(at) ?? 0) + 1);
    }
    const places = [...where].toSorted(([, a], [, b]) => b - a).map(([at, times]) => `${times} ${at}`);
    tallies.push(`${what}: ${kills} kills (${places.join(', ')}), ${missed} ended before`);
  };

  /** After a kill of a run: it goes on, ends with the same bytes, and leaves nothing behind. */
  const goesOn = async (folder: string): Promise<string> => {
    const [left] = await listRuns(folder, isAlive);
    // One that was killed behind its end has nothing to go on with.
    if (left?.outcome !== 'done') {
      const end = await runCommand(folder, left === undefined ? ['run', recipeFile] : ['run', '--resume', left.runId]);
      expect(end.code, end.output).toBe(0);
    }
    const runs = await listRuns(folder, isAlive);
    expect(runs.map(({ outcome }) => outcome)).toEqual(['done']);
    expect(filesOf(runs[0]!)).toEqual(reference);
    expect(temporaries(runs[0]!.runFolder)).toEqual([]);
    await expectSound(folder);
    return left === undefined ? 'without a run' : left.outcome;
  };

  it.skipIf(isShort)('is a run at any moment: it goes on to the same bytes', async () => {
    await killed('run, at random moments', async () => {
      const folder = copy(empty);
      const end = await runCommand(folder, ['run', recipeFile], undefined, calm.milliseconds * random.next());
      return end.code === undefined ? goesOn(folder) : undefined;
    });
  });

  it('is a run at any operation on its files: it goes on to the same bytes', async () => {
    const { operations } = await runCommand(copy(empty), ['run', recipeFile], { under: path.join(root, 'copy', '.espalier', 'runs') });
    await killed(`run, at one of ${operations} operations on its files`, async () => {
      const folder = copy(empty);
      const end = await runCommand(folder, ['run', recipeFile], { under: path.join(store(folder), 'runs'), ...draw(operations) });
      return end.code === undefined ? `${await goesOn(folder)} (${operationOf(end)})` : undefined;
    });
  });

  it.skipIf(isShort)('is a run that writes to the cache: what is there is whole, and used', async () => {
    expect(calm.operations).toBeGreaterThan(20);
    await killed(`run, at one of ${calm.operations} operations on the cache`, async () => {
      const folder = copy(empty);
      const end = await runCommand(folder, ['run', recipeFile], { under: path.join(store(folder), 'cache'), ...draw(calm.operations) });
      if (end.code !== undefined) return undefined;
      await expectSound(folder);
      await goesOn(folder);
      return operationOf(end);
    });
  });

  it('is `clean`: what it was to delete is there or gone, the rest is whole, and a second one ends it', async () => {
    const [second, first] = await listRuns(finished, isAlive);
    const args = ['clean', first!.runId, '--cache'];
    const { operations } = await runCommand(copy(finished), args, { under: path.join(root, 'copy', '.espalier') });
    expect(operations).toBeGreaterThan(20);
    await killed(`clean, at one of ${operations} operations`, async () => {
      const folder = copy(finished);
      const end = await runCommand(folder, args, { under: store(folder), ...draw(operations) });
      if (end.code !== undefined) return undefined;
      const runs = await listRuns(folder, isAlive);
      expect(runs.map(({ outcome }) => outcome)).toEqual(runs.map(() => 'done'));
      expect(runs.map(({ runId }) => runId)).toContain(second!.runId);
      await expectSound(folder);
      for (const run of runs) expect(filesOf(run)).toEqual(reference);
      const isThere = runs.some(({ runId }) => runId === first!.runId);
      const again = await runCommand(folder, ['clean', ...(isThere ? [first!.runId] : []), '--cache']);
      expect(again.code, again.output).toBe(0);
      expect((await listRuns(folder, isAlive)).map(({ runId }) => runId)).toEqual([second!.runId]);
      expect(existsSync(path.join(store(folder), 'cache'))).toBe(false);
      expect(filesOf(runs.find(({ runId }) => runId === second!.runId)!)).toEqual(reference);
      await expectNothingLeft(folder);
      return `${isThere ? 'run there' : 'run gone'} (${operationOf(end)})`;
    });
  });

  it.skipIf(isShort)('is `report`: the file is the earlier one or the new one', async () => {
    const [, run] = await listRuns(finished, isAlive);
    const output = 'report.html';
    const args = ['report', run!.runId, '-o', output];
    const folder = copy(finished);
    const { operations } = await runCommand(folder, args, { under: folder });
    const written = (): string => digestOf(readFileSync(path.join(folder, output)));
    const whole = written();
    const earlier = 'an earlier report';
    await killed(`report, at one of ${operations} operations`, async () => {
      writeFileSync(path.join(folder, output), earlier);
      const end = await runCommand(folder, args, { under: folder, ...draw(operations) });
      if (end.code !== undefined) return undefined;
      const left = written();
      expect([digestOf(Buffer.from(earlier)), whole]).toContain(left);
      await expectSound(folder);
      const again = await runCommand(folder, args);
      expect(again.code, again.output).toBe(0);
      expect(written()).toBe(whole);
      return `${left === whole ? 'new' : 'earlier'} file (${operationOf(end)})`;
    });
  });
});

function draw(operations: number): { readonly at: number; readonly moment: Moment } {
  return { at: 1 + Math.floor(random.next() * operations), moment: moments[Math.floor(random.next() * moments.length)] ?? 'after' };
}

/** `amid writeFile`: the file's name differs from kill to kill. */
function operationOf({ killed = 'unknown' }: CommandEnd): string {
  return killed.split(' ').slice(0, 2).join(' ');
}

/** Digests of the `.tflite` by node. */
function filesOf({ runFolder }: RunSummary): ReadonlyMap<string, string> {
  const files = readdirSync(runFolder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('model.tflite'));
  return new Map(files.map((name) => [name, digestOf(readFileSync(path.join(runFolder, name)))]));
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

async function expectSound(folder: string): Promise<void> {
  const context = { threads: 1, threadScript: undefined, signal: new AbortController().signal, onProgress: () => undefined };
  const { runs, cache } = await verifyStore(folder, { accuracy: false, context });
  expect([...runs.flatMap(({ problems }) => problems), ...(cache?.problems ?? [])]).toEqual([]);
}

function temporaries(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => isTemporary(path.basename(name)));
}

/** Of what is so old that no process at work can be writing it. */
async function expectNothingLeft(folder: string): Promise<void> {
  const old = new Date(Date.now() - 2 * 3_600_000);
  for (const name of temporaries(store(folder))) utimesSync(path.join(store(folder), name), old, old);
  await cleanRuns(folder, [], { cache: false, self: ownIdentity(), isAlive });
  expect(temporaries(store(folder))).toEqual([]);
}
