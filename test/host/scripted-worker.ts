/**
 * Stands in for the worker in the extension host's suite: the same protocol and run folders, made-up numbers, and a
 * pace that the recipe sets by `training.steps`, so that crashes, queues and resumes can be tested at any moment.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { checkRecipe } from '../../src/core/tree/recipe/check-recipe.ts';
import { readableBelow, unreadableFiles } from '../../src/core/tree/recipe/readable-files.ts';
import { readEventsFrom } from '../../src/core/tree/store/event-log.ts';
import { executionKind } from '../../src/extension/workspace/recipe-document.ts';
import type { RunEvent } from '../../src/shared/events.ts';
import { MessageHandler } from '../../src/shared/message-handler.ts';
import type { Message } from '../../src/shared/message-handler.ts';
import { PROTOCOL_VERSION } from '../../src/shared/protocol.ts';
import type { HostProtocol, RunPlace, RunSummary, WorkerProtocol } from '../../src/shared/protocol.ts';
import { reduceEvents } from '../../src/shared/run-state.ts';
import { exampleInspection } from '../support/example-inspection.ts';
import { exampleRun } from '../support/example-run.ts';
import { appendEvents } from '../support/stored-run.ts';

const pace = 4;
const cancelled = new Map<string, AbortController>();

const connection = new MessageHandler<WorkerProtocol, HostProtocol>((message) => process.send?.(message), {
  ping: () => Promise.resolve({ protocol: PROTOCOL_VERSION, espalier: '0.1.0', node: process.version, process: process.pid }),
  startRun: ({ recipe }) => {
    const runs = path.join(path.dirname(recipe), '.espalier', 'runs');
    mkdirSync(runs, { recursive: true });
    const runId = `${path.basename(recipe, '.espalier.json')}-${String(readdirSync(runs).length + 1).padStart(3, '0')}`;
    const handle = { runId, runFolder: path.join(runs, runId), isScheduled: executionKind(readFileSync(recipe, 'utf8')) === 'slurm' };
    mkdirSync(handle.runFolder);
    writeFileSync(path.join(handle.runFolder, 'recipe-path'), recipe);
    if (readFileSync(recipe, 'utf8').includes('refuse'))
      return Promise.reject(new Error('layer "refuse" is not known; have: conv2d, dense'));
    void play(handle, eventsOf(recipe, runId));
    return Promise.resolve(handle);
  },
  resumeRun: ({ runFolder }) => {
    const recipe = readFileSync(path.join(runFolder, 'recipe-path'), 'utf8');
    const handle = { runId: path.basename(runFolder), runFolder, isScheduled: executionKind(readFileSync(recipe, 'utf8')) === 'slurm' };
    const done = read(runFolder);
    const finished = new Set(done.flatMap((event) => (event.type === 'node-finished' ? [event.node] : [])));
    const rest = eventsOf(recipe, handle.runId, [])
      .slice(1)
      .filter((event) => !('node' in event) || event.node === undefined || !finished.has(event.node));
    const resumed: RunEvent = {
      type: 'run-resumed',
      engine: 'onnxruntime-node 1.30.0',
      runtime: 'LiteRT 2.5.3',
      machine: '2 × x64',
      time: Date.now(),
      sequence: 0,
    };
    void play(
      handle,
      [resumed, ...rest].map((event, index) => ({ ...event, sequence: done.length + index })),
    );
    return Promise.resolve(handle);
  },
  cancelRun: ({ runId }) => {
    cancelled.get(runId)?.abort();
    return Promise.resolve(null);
  },
  readRun: ({ runFolder, from = 0 }) => Promise.resolve({ ...readEventsFrom(path.join(runFolder, 'events.jsonl'), from), owned: false }),
  negativeFlips: () => Promise.resolve({ kind: 'not-recorded' }),
  listRuns: ({ folder }) => {
    const runs = path.join(folder, '.espalier', 'runs');
    return Promise.resolve({ runs: existsSync(runs) ? readdirSync(runs).map((name) => summarize(path.join(runs, name))) : [] });
  },
  clean: ({ runFolders = [] }) => {
    for (const folder of runFolders) rmSync(folder, { recursive: true });
    return Promise.resolve({ bytes: 1000 });
  },
  // The real check: only runs are made up.
  checkRecipe: async ({ path: file, text, readable }) => ({
    diagnostics: await checkRecipe(text, path.dirname(file), readableBelow(readable)),
  }),
  filesOutside: async ({ path: file, text, folders }) => ({
    files: await unreadableFiles(text, path.dirname(file), readableBelow(folders)),
  }),
  writeRecipe: ({ model, data, output = `${model}.espalier.json` }) => {
    writeFileSync(output, `${JSON.stringify({ model: path.basename(model), data })}\n`);
    return Promise.resolve({ path: output });
  },
  estimateRun: () => Promise.resolve({ seconds: { full: 240, 'until-targets': 240, quick: 50 } }),
  inspect: ({ path: file }) => Promise.resolve(exampleInspection(file)),
  openInputs: () => Promise.resolve({ inputs: [] }),
  convert: () => Promise.reject(new Error('not scripted')),
  evaluate: () => Promise.reject(new Error('not scripted')),
  sensitivity: () => Promise.reject(new Error('not scripted')),
  deploy: () => Promise.reject(new Error('not scripted')),
  certify: () => Promise.reject(new Error('not scripted')),
  report: ({ runFolder, output = path.join(runFolder, 'report.html') }) => Promise.resolve({ path: output }),
  createExample: () => Promise.reject(new Error('not scripted')),
});

/** A recipe with a layer `fails` fails at pruning, until it is resumed. */
function eventsOf(recipe: string, runId: string, failing?: readonly string[]): readonly RunEvent[] {
  const text = readFileSync(recipe, 'utf8');
  const steps = /"steps":\s*(\d+)/.exec(text)?.[1];
  const failed = failing ?? (text.includes('"fails"') ? ['pruned'] : []);
  return exampleRun({ runId, failing: failed, ...(steps === undefined ? {} : { steps: Number(steps) }) }).map((event) => ({
    ...event,
    time: Date.now() + event.sequence,
  }));
}

async function play({ runId, runFolder }: RunPlace, events: readonly RunEvent[]): Promise<void> {
  const controller = new AbortController();
  cancelled.set(runId, controller);
  const emit = (event: RunEvent): void => {
    appendEvents(path.join(runFolder, 'events.jsonl'), [event]);
    if (event.type === 'node-finished') {
      const file = path.join(runFolder, event.tflite ?? '');
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, 'TFL3');
    }
    connection.emit('run', { runId, event });
  };
  for (const event of events) {
    if (controller.signal.aborted) {
      emit({ type: 'run-finished', outcome: 'cancelled', reason: 'cancelled', sequence: event.sequence, time: Date.now() });
      return;
    }
    emit(event);
    await wait(pace);
  }
}

function read(runFolder: string): readonly RunEvent[] {
  return readEventsFrom(path.join(runFolder, 'events.jsonl'), 0).events;
}

function summarize(runFolder: string): RunSummary {
  const state = reduceEvents(read(runFolder));
  const nodes = state.models.flatMap((model) => [...model.nodes.values()]);
  return {
    runId: path.basename(runFolder),
    runFolder,
    recipe: readFileSync(path.join(runFolder, 'recipe-path'), 'utf8'),
    startedAt: state.startedAt ?? 0,
    outcome: state.outcome ?? 'interrupted',
    nodesDone: nodes.filter((node) => node.state.kind === 'done').length,
    nodes: nodes.length,
    bytes: 1000,
  };
}

process.on('message', (message) => connection.receive(message as Message));
process.on('disconnect', () => process.exit());
