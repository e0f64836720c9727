import { describe, expect, it } from 'vitest';
import { nodeTimes, timeLeft } from '../../../src/shared/drawing/time-left.ts';
import { describeProgress, describeRunning } from '../../../src/shared/drawing/run-progress.ts';
import { english } from '../../../src/shared/drawing/translate.ts';
import type { RunEvent, RunEventBody } from '../../../src/shared/events.ts';
import { reduceEvents } from '../../../src/shared/run-state.ts';
import type { RunState } from '../../../src/shared/run-state.ts';
import { exampleRun, exampleTree } from '../../support/example-run.ts';

function first<Value>(values: readonly Value[]): Value {
  const [value] = values;
  if (value === undefined) throw new Error('the example run starts and has results');
  return value;
}
const started = first(exampleRun());
const metrics = first(exampleRun().flatMap((event) => (event.type === 'node-finished' ? [event.metrics] : [])));

/** Events at seconds after the start. */
function stateOf(...events: readonly (readonly [number, RunEventBody])[]): RunState {
  const timed = events.map(([seconds, body], index): RunEvent => ({ ...body, sequence: index + 1, time: started.time + seconds * 1000 }));
  return reduceEvents([started, ...timed]);
}
const at = (seconds: number): number => started.time + seconds * 1000;
const of = (node: string) => ({ model: 'mnist', node }) as const;
const done = (node: string, cached = false, trainingSeconds?: number): RunEventBody => ({
  type: 'node-finished',
  ...of(node),
  cached,
  metrics: { ...metrics, trainingSeconds },
  densities: [],
  tflite: undefined,
});
const begun = (node: string): RunEventBody => ({ type: 'node-started', ...of(node) });
const training = (node: string, secondsLeft: number): RunEventBody => ({
  type: 'node-progress',
  ...of(node),
  phase: 'training',
  fraction: 0.5,
  training: { step: 5, steps: 10, epoch: 0, loss: 1, accuracy: undefined, learningRate: 1, examplesPerSecond: 1500, secondsLeft },
});
/** The rest of the tree is of no matter here. */
const only = (state: RunState, ...ids: readonly string[]): RunState => ({
  ...state,
  models: state.models.map((model) => ({ ...model, nodes: new Map([...model.nodes].filter(([id]) => ids.includes(id))) })),
});

describe('the time that is left', () => {
  it('is unknown before anything is known of any node', () => {
    expect(timeLeft(stateOf(), at(5))).toBeUndefined();
    expect(timeLeft(stateOf([0, begun('baseline')]), at(5))).toBeUndefined();
  });

  it('is none once every node has ended', () => {
    expect(timeLeft(only(stateOf([0, begun('baseline')], [4, done('baseline')]), 'baseline'), at(5))).toBeUndefined();
  });

  it('is what the steps of a training node take, and what followed the training of others', () => {
    // QAT took 10 s, of which 8 s trained: 2 s followed.
    const state = stateOf([0, begun('qat')], [10, done('qat', false, 8)], [10, begun('pruned')], [12, training('pruned', 6)]);
    expect(timeLeft(only(state, 'qat', 'pruned'), at(12))).toBeCloseTo(8);
  });

  it('takes for a waiting node what its technique took, else what nodes took that train as well or do not', () => {
    const state = stateOf([0, begun('ptq')], [3, done('ptq')], [3, begun('qat')], [13, done('qat')]);
    expect(timeLeft(only(state, 'ptq', 'qat', 'pruned/ptq'), at(13))).toBeCloseTo(3);
    expect(timeLeft(only(state, 'ptq', 'qat', 'clustered/cqat'), at(13))).toBeCloseTo(10);
  });

  it('takes for a waiting node what it took in an earlier run', () => {
    const state = stateOf([0, begun('ptq')], [3, done('ptq')]);
    const earlier = { mnist: { 'pruned/ptq': 7 } };
    expect(timeLeft(only(state, 'ptq', 'pruned/ptq'), at(3), earlier)).toBeCloseTo(7);
    expect(nodeTimes(only(state, 'ptq'))).toEqual({ mnist: { ptq: 3 } });
  });

  it('goes down while a node measures after its training', () => {
    const state = only(stateOf([0, begun('baseline')]), 'baseline');
    const earlier = { mnist: { baseline: 10 } };
    expect(timeLeft(state, at(4), earlier)).toBeCloseTo(6);
    expect(timeLeft(state, at(30), earlier)).toBe(0);
  });

  it('lets as many nodes run at once as run now, each after its parent', () => {
    const earlier = { mnist: { pruned: 10, clustered: 4, 'pruned/ptq': 3, 'clustered/ptq': 3, qat: 8 } };
    const state = stateOf([0, begun('baseline')], [1, done('baseline')], [1, begun('pruned')], [1, begun('clustered')]);
    const open = only(state, 'baseline', 'pruned', 'clustered', 'pruned/ptq', 'clustered/ptq', 'qat');
    // Two at a time: clustered to 4, then QAT from 4 to 12, pruned to 10, its file from 10 to 13, the other's from 12 to 15.
    expect(timeLeft(open, at(1), earlier)).toBeCloseTo(15);
  });

  it('counts a result from the store by the time that its training took', () => {
    const state = stateOf([0, begun('qat')], [0.1, done('qat', true, 9)]);
    expect(timeLeft(only(state, 'qat', 'clustered/cqat'), at(1))).toBeCloseTo(9);
  });
});

describe('the progress of a run', () => {
  it('says how many nodes are done, for how long it runs, and how long it takes', () => {
    const state = only(
      stateOf([0, begun('qat')], [80, done('qat', false, 80)], [80, begun('pruned')], [82, training('pruned', 125)]),
      'qat',
      'pruned',
    );
    expect(describeProgress(state, at(82), undefined, english)).toBe('1 of 2 nodes done · 1 min 22 s so far · about 2 min 5 s left');
    expect(describeRunning(state, english)).toEqual(['Pruned model: training 50%, step 5 of 10, 1,500 examples a second']);
    // A search goes on in rounds.
    const search = {
      ...state,
      models: state.models.map((model) => ({ ...model, budgets: [{ limits: { compressedBytes: 1 }, node: undefined }] })),
    };
    expect(describeProgress(search, at(82), undefined, english)).toMatch(/ · about 2 min 5 s left of this round$/);
  });

  it('says what a search does while no node runs', () => {
    const [started, ...rest] = exampleRun({ tree: { ...exampleTree, children: [] } });
    if (started?.type !== 'run-started') throw new Error('a run starts with its start');
    const done = rest.slice(0, rest.findIndex(({ type }) => type === 'node-finished') + 1);
    const search = (budgets: readonly object[] | undefined) => describeRunning(reduceEvents([{ ...started, budgets }, ...done]), english);
    expect(search([{ compressedBytes: 1 }])).toEqual(['Search: measuring how much each layer suffers from each choice']);
    expect(search(undefined)).toEqual([]);
    // While the trained model is measured, its own line says so.
    const before = reduceEvents([{ ...started, budgets: [{ compressedBytes: 1 }] }, ...rest.slice(0, 1)]);
    expect(describeRunning(before, english)).toHaveLength(1);
    expect(describeRunning(before, english)[0]).toMatch(/^Trained model: /);
  });

  it('counts the time from where a run was resumed', () => {
    const resumed = stateOf([900, { type: 'run-resumed', engine: 'e', runtime: 'r', machine: 'm' }]);
    expect(describeProgress(resumed, at(930), undefined, english)).toBe(`0 of ${resumed.models[0]?.nodes.size} nodes done · 30 s so far`);
    expect(exampleTree.id).toBe('baseline');
  });
});
