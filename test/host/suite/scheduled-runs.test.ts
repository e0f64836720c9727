/** A run whose stages are jobs of a scheduler, as the window sees it: it waits, runs elsewhere, and outlives the window. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { listRuns } from '../../../src/core/tree/list-runs.ts';
import { readEventsFrom } from '../../../src/core/tree/store/event-log.ts';
import { sealedJson } from '../../../src/core/tree/store/sealed-file.ts';
import { registerResumeOffer } from '../../../src/extension/runs/offer-resume.ts';
import { Run } from '../../../src/extension/runs/run.ts';
import { RunQueue } from '../../../src/extension/runs/run-queue.ts';
import { Runs, type KnownRecipes } from '../../../src/extension/runs/runs.ts';
import { describeStatus, statusOf } from '../../../src/shared/drawing/node-status.ts';
import { english } from '../../../src/shared/drawing/translate.ts';
import type { RunEvent, RunEventBody } from '../../../src/shared/events.ts';
import type { RunSettings } from '../../../src/shared/protocol.ts';
import { exampleRun } from '../../support/example-run.ts';
import { appendEvents } from '../../support/stored-run.ts';
import { doneNodes, eventually, services, workspaceFile, writeRecipe } from './support.ts';
import { workerInProcess } from './worker-in-process.ts';

const recipe = workspaceFile('models', 'scheduled.espalier.json');
const recipes: KnownRecipes = { files: () => Promise.resolve([recipe]), onDidChange: new vscode.EventEmitter<undefined>().event };
const runFolder = path.join(workspaceFile('models').fsPath, '.espalier', 'runs', 'scheduled-001');
const [started] = exampleRun();

function eventsOf(...bodies: readonly RunEventBody[]): readonly RunEvent[] {
  return [started!, ...bodies.map((body, index) => ({ ...body, sequence: index + 1, time: Date.now() }))];
}

const about = { model: 'mnist', node: 'pruned' };

describe('a run on a scheduler', () => {
  afterEach(() => rmSync(runFolder, { recursive: true, force: true }));

  it('is asked for as the settings say, where the recipe does not', async () => {
    const { log } = await services();
    const asked: RunSettings[] = [];
    const { worker } = workerInProcess({
      startRun: (request) => {
        asked.push(request);
        return Promise.reject(new Error('enough'));
      },
    });
    const settings = vscode.workspace.getConfiguration('espalier');
    const runs = new Runs(worker, recipes, log);
    const start = async (): Promise<void> => {
      const before = asked.length;
      runs.start(recipe);
      await eventually(() => asked.length > before || undefined, 'the request');
    };
    try {
      await start();
      await settings.update('executor', 'slurm', vscode.ConfigurationTarget.Workspace);
      await settings.update('slurm', { partition: 'cpu', memory: '8G' }, vscode.ConfigurationTarget.Workspace);
      await start();
      await settings.update('slurm', { partition: 3 }, vscode.ConfigurationTarget.Workspace);
      await start();
    } finally {
      await settings.update('executor', undefined, vscode.ConfigurationTarget.Workspace);
      await settings.update('slurm', undefined, vscode.ConfigurationTarget.Workspace);
      runs.dispose();
    }
    const chosen = asked.map(({ defaultExecutor, slurmDefaults }) => ({ defaultExecutor, slurmDefaults }));
    assert.deepEqual(chosen, [
      { defaultExecutor: undefined, slurmDefaults: {} },
      { defaultExecutor: 'slurm', slurmDefaults: { partition: 'cpu', memory: '8G' } },
      { defaultExecutor: 'slurm', slurmDefaults: undefined },
    ]);
  });

  it('shows of each node what its job waits for, and where it runs', async () => {
    const { log } = await services();
    const { worker, end } = workerInProcess({ startRun: () => Promise.resolve({ runId: 'scheduled', runFolder, isScheduled: true }) });
    const runs = new Runs(worker, recipes, log);
    try {
      const run = runs.start(recipe);
      await eventually(() => run.activity === 'running' || undefined, 'the run');
      const status = (): string | undefined => {
        const node = run.state.models[0]?.nodes.get('pruned');
        return node && describeStatus(statusOf(node), english);
      };
      const events = eventsOf(
        { type: 'node-queued', ...about, job: '12_0', reason: 'Priority' },
        { type: 'node-started', ...about, job: '12_0', host: 'n7' },
        { type: 'run-finished', outcome: 'failed', reason: 'enough' },
      );
      for (const event of events.slice(0, 2)) end.emit('run', { runId: 'scheduled', event });
      await eventually(() => status() === 'job 12_0: Priority' || undefined, 'the reason');
      end.emit('run', { runId: 'scheduled', event: events[2]! });
      await eventually(() => status()?.endsWith(' on n7') === true || undefined, 'the machine');
      end.emit('run', { runId: 'scheduled', event: events[3]! });
      await eventually(() => run.activity === 'ended' || undefined, 'the end');
    } finally {
      runs.dispose();
    }
  });

  it('is followed again without a question when its window is opened again', async () => {
    const { log, panels } = await services();
    mkdirSync(runFolder, { recursive: true });
    const stored = { runId: 'example', path: 'scheduled.espalier.json', options: {}, recipe: { model: 'model.h5' } };
    writeFileSync(path.join(runFolder, 'recipe.json'), sealedJson(stored));
    // The window was closed while the job ran: nothing owns the run.
    appendEvents(path.join(runFolder, 'events.jsonl'), eventsOf({ type: 'node-started', ...about, job: '12_0', host: 'n7' }));
    const resumed: string[] = [];
    const { worker } = workerInProcess({
      listRuns: async ({ folder }) => ({
        runs: (await listRuns(folder, () => false)).filter((run) => run.runFolder === runFolder),
      }),
      readRun: ({ from = 0 }) => Promise.resolve({ ...readEventsFrom(path.join(runFolder, 'events.jsonl'), from), owned: false }),
      resumeRun: (request) => {
        resumed.push(request.runFolder);
        return Promise.resolve({ runId: 'scheduled', runFolder, isScheduled: true });
      },
    });
    const runs = new Runs(worker, recipes, log);
    const memory = new Map<string, unknown>([['espalier.goingOn', [runFolder]]]);
    const subscriptions: vscode.Disposable[] = [];
    try {
      registerResumeOffer(
        {
          subscriptions,
          workspaceState: {
            get: <T>(key: string) => memory.get(key) as T,
            update: (key, value) => Promise.resolve(void memory.set(key, value)),
          },
        },
        { runs, panels },
      );
      await eventually(() => resumed.length > 0 || undefined, 'the run that is followed again');
      assert.deepEqual(resumed, [runFolder]);
      await eventually(() => runs.goingOn()[0]?.activity === 'running' || undefined, 'the run');
    } finally {
      for (const subscription of subscriptions) subscription.dispose();
      runs.dispose();
    }
  });

  it('keeps no other run waiting, and waits for none', async () => {
    const { runs } = await services();
    const slow = { model: 'mnist.h5', data: { format: 'idx', folder: 'mnist' }, training: { steps: 120 } };
    const jobs = { ...slow, execution: { kind: 'slurm' } };
    const here = runs.start(await writeRecipe('here.espalier.json', slow));
    const queued = runs.start(await writeRecipe('queued.espalier.json', slow));
    const first = runs.start(await writeRecipe('jobs-1.espalier.json', jobs));
    const second = runs.start(await writeRecipe('jobs-2.espalier.json', jobs));
    try {
      for (const run of [here, first, second]) await eventually(() => run.activity === 'running' || undefined, run.name);
      assert.equal(queued.activity, 'queued');
      assert.deepEqual(new Set(runs.goingOn()), new Set([here, first, second]));
      for (const run of [here, first]) await eventually(() => doneNodes(run).length >= 2 || undefined, `two nodes of ${run.name}`);
      await runs.cancel(first);
      await eventually(() => first.activity === 'interrupted' || undefined, 'the cancellation');
      assert.equal(here.activity, 'running');
      assert.equal(queued.activity, 'queued');
      runs.resume(first);
      await eventually(() => first.activity === 'running' || undefined, 'the resumed run');
      await runs.cancel(here);
      await eventually(() => queued.activity === 'running' || undefined, 'the run that waited');
    } finally {
      for (const run of [queued, here, first, second]) if (run.active) await runs.cancel(run);
      await eventually(() => runs.goingOn().length === 0 || undefined, 'the end of all runs');
    }
  });

  it('whose jobs the command line chose gives the machine to the next one when the worker says so', async () => {
    const { log } = await services();
    const { worker, end } = workerInProcess({
      resumeRun: () => Promise.resolve({ runId: 'chosen', runFolder: '/chosen', isScheduled: true }),
      startRun: () => Promise.resolve({ runId: 'next', runFolder: '/next', isScheduled: false }),
    });
    const queue = new RunQueue(worker, log, () => Promise.resolve());
    const [chosen, next] = ['chosen', 'next'].map((name) => new Run(vscode.Uri.file(`/${name}.espalier.json`), 'queued'));
    assert.ok(chosen && next);
    try {
      queue.add(chosen, (connection) => connection.request('resumeRun', { runFolder: '/chosen' }));
      queue.add(next, (connection) => connection.request('startRun', { recipe: '/next.espalier.json' }));
      await eventually(() => next.activity === 'running' || undefined, 'the next run');
      assert.equal(chosen.activity, 'running');
      for (const event of exampleRun()) end.emit('run', { runId: 'chosen', event });
      await eventually(() => chosen.activity === 'ended' || undefined, 'the end of the run with jobs');
      assert.deepEqual(queue.begun, [next]);
      assert.deepEqual(next.events, []);
    } finally {
      queue.dispose();
      for (const run of [chosen, next]) run.dispose();
    }
  });
});
