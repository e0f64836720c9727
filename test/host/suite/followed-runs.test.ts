import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { listRuns } from '../../../src/core/tree/list-runs.ts';
import { readEventsFrom } from '../../../src/core/tree/store/event-log.ts';
import { sealedJson } from '../../../src/core/tree/store/sealed-file.ts';
import { RunQueue } from '../../../src/extension/runs/run-queue.ts';
import { Run } from '../../../src/extension/runs/run.ts';
import { Runs, type KnownRecipes } from '../../../src/extension/runs/runs.ts';
import type { RunEvent } from '../../../src/shared/events.ts';
import { exampleRun } from '../../support/example-run.ts';
import { appendEvents } from '../../support/stored-run.ts';
import { doneNodes, eventually, services, workspaceFile } from './support.ts';
import { workerInProcess } from './worker-in-process.ts';

const events = exampleRun({ steps: 20 });

/** Only the recipe of these tests, which never changes. */
const recipes: KnownRecipes = {
  files: () => Promise.resolve([workspaceFile('models', 'followed.espalier.json')]),
  onDidChange: new vscode.EventEmitter<undefined>().event,
};

/** The folder of a run, as another process writes it. */
class RunFolder {
  readonly path: string;

  constructor(name: string) {
    this.path = path.join(workspaceFile('models').fsPath, '.espalier', 'runs', name);
    mkdirSync(this.path, { recursive: true });
    const stored = { runId: 'example', path: 'followed.espalier.json', options: {}, recipe: { model: 'model.h5' } };
    writeFileSync(path.join(this.path, 'recipe.json'), sealedJson(stored));
  }

  append(part: readonly RunEvent[]): void {
    appendEvents(path.join(this.path, 'events.jsonl'), part);
  }

  /** As a process does that works on the run. */
  claim(): void {
    mkdirSync(path.join(this.path, '.owner', '1'), { recursive: true });
    writeFileSync(path.join(this.path, '.owner', '1', 'process.json'), JSON.stringify({ process: process.pid }));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

describe('a run of another process', () => {
  const folder = workspaceFile('models').fsPath;
  let run: RunFolder;
  beforeEach(() => {
    run = new RunFolder('followed-001');
  });
  afterEach(() => run.remove());

  it('is followed by what is new in its log, until it has ended', async () => {
    const { log } = await services();
    const sent: RunEvent[] = [];
    let lists = 0;
    const { worker } = workerInProcess({
      listRuns: async () => {
        lists += 1;
        return { runs: (await listRuns(folder, () => true)).filter(({ runFolder }) => runFolder === run.path) };
      },
      readRun: ({ runFolder, from = 0 }) => {
        const part = readEventsFrom(path.join(runFolder, 'events.jsonl'), from);
        sent.push(...part.events);
        return Promise.resolve({ ...part, owned: true });
      },
    });
    run.claim();
    run.append(events.slice(0, 60));
    const runs = new Runs(worker, recipes, log);
    try {
      await runs.refresh();
      const followed = runs.inFolder(run.path);
      assert.equal(followed?.activity, 'running');
      const listsBefore = lists;
      run.append(events.slice(60, 100));
      await eventually(() => sent.length >= 100 || undefined, 'the next part');
      assert.equal(followed?.activity, 'running');
      assert.equal(lists, listsBefore, 'the folders were searched again');
      run.append(events.slice(100));
      await eventually(() => followed?.activity === 'ended' || undefined, 'the end of the run');
      assert.deepEqual(
        sent.map(({ sequence }) => sequence),
        events.map(({ sequence }) => sequence),
        'each event was sent once',
      );
      assert.equal(followed === undefined ? 0 : doneNodes(followed).length, 12);
    } finally {
      runs.dispose();
    }
  });

  it('is disposed when its folder is gone', async () => {
    const { log } = await services();
    const { worker } = workerInProcess({
      listRuns: async () => ({ runs: (await listRuns(folder, () => true)).filter(({ runFolder }) => runFolder === run.path) }),
      readRun: ({ runFolder }) => Promise.resolve({ ...readEventsFrom(path.join(runFolder, 'events.jsonl'), 0), owned: false }),
    });
    run.append(events);
    const runs = new Runs(worker, recipes, log);
    try {
      await runs.refresh();
      const found = runs.inFolder(run.path);
      assert.ok(found);
      let changes = 0;
      found.onDidChangeStatus(() => (changes += 1));
      found.become('ended', 'before');
      run.remove();
      await runs.refresh();
      assert.equal(runs.inFolder(run.path), undefined);
      found.become('ended', 'after');
      assert.equal(changes, 1, 'a run that was dropped still notifies its subscribers');
    } finally {
      runs.dispose();
    }
  });
});

describe('the queue', () => {
  it('keeps no events of runs that it does not work on', async () => {
    const { log } = await services();
    const handle = { runId: 'again', runFolder: path.join(workspaceFile('models').fsPath, 'again'), isScheduled: false };
    const { worker, end } = workerInProcess({ resumeRun: () => Promise.resolve(handle) });
    const queue = new RunQueue(worker, log, () => Promise.resolve());
    const run = new Run(vscode.Uri.file('/again.espalier.json'), 'interrupted');
    try {
      void worker.connection;
      // Of an earlier attempt that this window has given up.
      for (const event of events.slice(0, 50)) end.emit('run', { runId: 'again', event });
      queue.add(run, (connection) => connection.request('resumeRun', { runFolder: handle.runFolder }));
      await eventually(() => run.activity === 'running' || undefined, 'the run');
      assert.deepEqual(run.events, []);
      for (const event of events) end.emit('run', { runId: 'again', event });
      await eventually(() => run.activity === 'ended' || undefined, 'the end of the run');
      assert.equal(doneNodes(run).length, 12);
    } finally {
      queue.dispose();
      run.dispose();
    }
  });

  it('delivers events that come before the reply to the request that begins the run', async () => {
    const { log } = await services();
    const { worker, end } = workerInProcess({
      startRun: () => {
        for (const event of events) end.emit('run', { runId: 'early', event });
        return Promise.resolve({ runId: 'early', runFolder: '/early', isScheduled: false });
      },
    });
    const queue = new RunQueue(worker, log, () => Promise.resolve());
    const run = new Run(vscode.Uri.file('/early.espalier.json'), 'queued');
    try {
      queue.add(run, (connection) => connection.request('startRun', { recipe: '/early.espalier.json' }));
      await eventually(() => run.activity === 'ended' || undefined, 'the end of the run');
      assert.equal(doneNodes(run).length, 12);
    } finally {
      queue.dispose();
      run.dispose();
    }
  });
});
