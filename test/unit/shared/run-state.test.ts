import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/shared/events.ts';
import { interruptRun, pathTo, reduceEvents } from '../../../src/shared/run-state.ts';
import type { RunState } from '../../../src/shared/run-state.ts';
import type { NodeMetrics } from '../../../src/shared/results.ts';
import type { TreeNode } from '../../../src/shared/tree.ts';
import { exampleRun } from '../../support/example-run.ts';

const leaf: TreeNode = {
  id: 'pruned/ptq',
  technique: 'ptq',
  title: 'Quantized, pruned model',
  precision: 'int8',
  fineTuned: false,
  collaborative: false,
  leaf: true,
  children: [],
};
const pruned: TreeNode = {
  id: 'pruned',
  technique: 'pruning',
  title: 'Pruned model',
  precision: 'fp32',
  fineTuned: true,
  collaborative: false,
  leaf: false,
  children: [leaf],
};
const root: TreeNode = {
  id: 'baseline',
  technique: 'baseline',
  title: 'Trained model',
  precision: 'fp32',
  fineTuned: false,
  collaborative: false,
  leaf: false,
  children: [pruned],
};
const metrics: NodeMetrics = {
  simulated: undefined,
  deployed: undefined,
  sizes: undefined,
  latency: undefined,
  weights: [],
  certificate: undefined,
  trainingSeconds: 2,
  curve: [{ step: 9, loss: 1, accuracy: undefined }],
};

const started: RunEvent = {
  type: 'run-started',
  time: 1000,
  sequence: 0,
  version: 1,
  runId: 'r',
  recipe: 'a.espalier.json',
  espalier: '0',
  engine: 'e',
  runtime: 'l',
  machine: 'm',
  models: [{ model: 'net', tree: root }],
};
const about = { model: 'net', node: 'pruned' } as const;
const training = { step: 3, steps: 10, epoch: 1, loss: 0.5, accuracy: 0.9, learningRate: 1e-3, examplesPerSecond: 100, secondsLeft: 5 };

describe('reduceRun', () => {
  it('follows a node from waiting to done', () => {
    const events: RunEvent[] = [started, { ...about, type: 'node-started', time: 1001, sequence: 1 }];
    expect(reduceEvents([started]).models[0]?.nodes.get('pruned')?.state).toEqual({ kind: 'waiting' });
    events.push({ ...about, type: 'node-progress', phase: 'training', fraction: 0.3, training, time: 1002, sequence: 2 });
    const running = reduceEvents(events).models[0]?.nodes.get('pruned');
    expect(running).toMatchObject({
      state: { kind: 'running', fraction: 0.3 },
      phase: 'training',
      curve: [{ step: 3, loss: 0.5, accuracy: 0.9 }],
    });
    events.push({
      ...about,
      type: 'node-finished',
      cached: false,
      metrics,
      densities: [],
      tflite: 'pruned/model.tflite',
      time: 1003,
      sequence: 3,
    });
    expect(reduceEvents(events).models[0]?.nodes.get('pruned')).toMatchObject({
      state: { kind: 'done', cached: false },
      tflite: 'pruned/model.tflite',
      curve: metrics.curve,
      startedAt: 1001,
      finishedAt: 1003,
      phase: undefined,
    });
  });

  it('says of nodes without a result that they were not run when the run ends, lets them wait again when it resumes, and keeps finished ones', () => {
    const events: RunEvent[] = [
      started,
      { ...about, node: 'baseline', type: 'node-finished', cached: false, metrics, densities: [], tflite: undefined, time: 1, sequence: 1 },
      { ...about, type: 'node-started', time: 2, sequence: 2 },
      { type: 'run-finished', outcome: 'cancelled', reason: 'by the user', time: 3, sequence: 3 },
    ];
    const ended = reduceEvents(events);
    for (const id of ['pruned', 'pruned/ptq']) expect(ended.models[0]?.nodes.get(id)?.state).toEqual({ kind: 'waiting', notRun: true });
    expect(ended.models[0]?.nodes.get('baseline')?.state).toEqual({ kind: 'done', cached: false });
    const resumed = reduceEvents([...events, { type: 'run-resumed', engine: 'e2', runtime: 'l', machine: 'm', time: 4, sequence: 4 }]);
    expect(resumed).toMatchObject({ outcome: undefined, finishedAt: undefined, engine: 'e2', runId: 'r' });
    expect(resumed.models[0]?.nodes.get('pruned')?.state).toEqual({ kind: 'waiting' });
  });

  it('keeps the cause of a failure, and lets what failed and what was skipped for it wait again when the run is resumed', () => {
    const cause = { what: 'the loss is not a number', where: 'step 3', fix: 'lower the learning rate' };
    const failed: RunEvent[] = [
      started,
      { ...about, type: 'node-started', time: 1, sequence: 1 },
      { ...about, type: 'node-failed', message: 'step 3: the loss is not a number; lower the learning rate', cause, time: 2, sequence: 2 },
      { ...about, node: 'pruned/ptq', type: 'node-skipped', reason: 'Pruned model has no result', time: 3, sequence: 3 },
    ];
    const states = (events: readonly RunEvent[]) => [...(reduceEvents(events).models[0]?.nodes.values() ?? [])].map(({ state }) => state);
    expect(states(failed)[1]).toMatchObject({ kind: 'failed', cause });
    expect(states([...failed, { type: 'run-resumed', engine: 'e', runtime: 'l', machine: 'm', time: 4, sequence: 4 }])).toEqual(
      [0, 1, 2].map(() => ({ kind: 'waiting' })),
    );
  });

  it('shows a job in a queue as waiting with its id and reason, then on which machine it runs, and not run when nobody follows it', () => {
    const nodeOf = (state: RunState, id: string) => state.models[0]?.nodes.get(id);
    const queued = reduceEvents([started, { ...about, type: 'node-queued', job: '12_3', reason: 'Priority', time: 5, sequence: 1 }]);
    expect(nodeOf(queued, 'pruned')).toMatchObject({
      state: { kind: 'waiting', queued: { job: '12_3', reason: 'Priority' } },
      job: '12_3',
    });
    expect(nodeOf(interruptRun(queued), 'pruned')?.state).toEqual({ kind: 'waiting', notRun: true });
    const events: RunEvent[] = [
      started,
      { ...about, type: 'node-queued', job: '12_3', reason: 'Priority', time: 5, sequence: 1 },
      { ...about, type: 'node-started', job: '12_3', host: 'n2', time: 6, sequence: 2 },
      { ...about, type: 'node-progress', phase: 'training', fraction: 0.25, training: undefined, time: 7, sequence: 3 },
    ];
    expect(nodeOf(reduceEvents(events), 'pruned')).toMatchObject({ state: { kind: 'running', fraction: 0.25, host: 'n2' }, job: '12_3' });
  });

  it('keeps results when the tree grows', () => {
    const grown = { ...root, children: [pruned, { ...pruned, id: 'pruned-25', children: [] }] };
    const state = reduceEvents([
      started,
      { ...about, type: 'node-finished', cached: true, metrics, densities: [], tflite: undefined, time: 1, sequence: 1 },
      { type: 'tree-grown', model: 'net', tree: grown, time: 2, sequence: 2 },
    ]);
    expect([...(state.models[0]?.nodes.keys() ?? [])]).toEqual(['baseline', 'pruned', 'pruned/ptq', 'pruned-25']);
    expect(state.models[0]?.nodes.get('pruned')?.state).toEqual({ kind: 'done', cached: true });
  });

  it('thins a long curve but keeps its first and latest points', () => {
    const events: RunEvent[] = [started, { ...about, type: 'node-started', time: 0, sequence: 1 }];
    for (let step = 1; step <= 5000; step++) {
      events.push({
        ...about,
        type: 'node-progress',
        phase: 'training',
        fraction: 0,
        training: { ...training, step },
        time: step,
        sequence: step,
      });
    }
    const curve = reduceEvents(events).models[0]?.nodes.get('pruned')?.curve ?? [];
    expect(curve.length).toBeLessThanOrEqual(1001);
    expect(curve[0]?.step).toBe(1);
    expect(curve.at(-1)?.step).toBe(5000);
  });

  it('gives the path from the root to a node', () => {
    const [model] = reduceEvents([started]).models;
    expect(model && pathTo(model, 'pruned/ptq').map(({ node }) => node.id)).toEqual(['baseline', 'pruned', 'pruned/ptq']);
  });
});

describe('a run that nobody works on', () => {
  it('has no running node: the one that ran waits, the others stay as they are', () => {
    const events = exampleRun();
    const running = events.findIndex((event) => event.type === 'node-progress');
    const killed = reduceEvents(events.slice(0, running + 1));
    const states = (state: RunState) => [...(state.models[0]?.nodes.values() ?? [])].map((node) => node.state.kind);
    expect(states(killed).slice(0, 3)).toEqual(['done', 'done', 'running']);
    expect(states(interruptRun(killed)).slice(0, 3)).toEqual(['done', 'done', 'waiting']);
    const whole = reduceEvents(events);
    expect(interruptRun(whole).models[0]).toBe(whole.models[0]);
    expect(interruptRun(killed)).toBe(interruptRun(killed));
  });

  it('keeps what was done where a node was started again to be looked up when the process died', () => {
    const events = exampleRun();
    const finished = events.findIndex((event) => event.type === 'node-finished');
    const done = reduceEvents(events.slice(0, finished + 1));
    const again = events.find((event) => event.type === 'node-started');
    if (again === undefined) throw new Error('the example run starts no node');
    const killed = reduceEvents([...events.slice(0, finished + 1), again]);
    const first = (state: RunState) => [...(state.models[0]?.nodes.values() ?? [])][0];
    expect(first(killed)?.state.kind).toBe('running');
    expect(first(interruptRun(killed))).toEqual(first(done));
  });
});
