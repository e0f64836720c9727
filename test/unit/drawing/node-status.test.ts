import { describe, expect, it } from 'vitest';
import { densityOutline, nodeFigures, nodeWarnings } from '../../../src/shared/drawing/node-figures.ts';
import { describeStatus } from '../../../src/shared/drawing/node-status.ts';
import { runFailures } from '../../../src/shared/drawing/run-failures.ts';
import { english } from '../../../src/shared/drawing/translate.ts';
import { reduceEvents } from '../../../src/shared/run-state.ts';
import { exampleCause, exampleRun } from '../../support/example-run.ts';

const finished = reduceEvents(exampleRun());
const [model] = finished.models;
if (model === undefined) throw new Error('the example run has a model');
const result = (id: string) => {
  const found = model.nodes.get(id);
  if (found === undefined) throw new Error(`no node ${id}`);
  return found;
};

describe('the status of a node', () => {
  it('names what a running node does, with a percentage only where it says how much is left', () => {
    const running = (fraction: number) => ({ kind: 'running', fraction }) as const;
    const shown = (fraction: number, phase?: 'finding-rate' | 'training' | 'latency' | 'measuring') =>
      describeStatus({ state: running(fraction), result: undefined, phase }, english);
    expect(shown(0)).toBe('starting');
    expect(shown(0.25, 'finding-rate')).toBe('finding the learning rate 25%');
    expect(shown(0.437, 'training')).toBe('training 43%');
    expect(shown(1, 'training')).toBe('finishing the training');
    expect(shown(0, 'latency')).toBe('measuring latency');
    expect(shown(0.5, 'measuring')).toBe('measuring the .tflite 50%');
    expect(describeStatus({ state: { kind: 'running', fraction: 0.2, host: 'n2' }, result: undefined }, english)).toBe('running 20% on n2');
  });

  it('tells what waits from what was not run', () => {
    expect(describeStatus({ state: { kind: 'waiting' }, result: undefined }, english)).toBe('waiting');
    expect(describeStatus({ state: { kind: 'waiting', notRun: true }, result: undefined }, english)).toBe('not run');
  });
});

describe('the figures of a node', () => {
  it('are set against the trained model in float', () => {
    // 25,512 bytes * 0.25 against 84,968 * 0.9, as the example run makes them up.
    const figures = nodeFigures(model, result('pruned/clustered/pcqat'));
    expect(figures?.size).toBe('6.4 kB');
    expect(figures?.sizeShare).toBeCloseTo(6378 / 76_471, 3);
    const before = result('baseline').metrics?.simulated?.top1 ?? 0;
    const after = result('pruned/clustered/pcqat').metrics?.deployed?.top1 ?? 0;
    expect(figures?.change.replace('−', '-')).toBe(`${after >= before ? '+' : ''}${((after - before) * 100).toFixed(2)}`);
    expect(nodeFigures(model, result('baseline'))).toMatchObject({ change: '', sizeShare: 1 });
  });

  it('draw a density in as many bins as there are pixels', () => {
    const plot = { layer: 'a', axis: 'weight', minimum: -1, maximum: 1, counts: [4, 0, 0, 16], zeros: 0, elements: 20 } as const;
    // The square root of a quarter is a half.
    expect(densityOutline([plot], 4, 10)).toBe('M0 10V5h1V10h1V10h1V0h1V10Z');
    expect(densityOutline([plot], 2, 10)).toBe('M0 10V5h1V0h1V10Z');
    expect(densityOutline([{ ...plot, counts: [0, 0, 4, 0, 0, 16, 0] }], 4, 10)).toBe(densityOutline([plot], 4, 10));
    expect(densityOutline([{ ...plot, counts: [0, 0] }], 4, 10)).toBe('');
    expect(densityOutline([], 4, 10)).toBe('');
  });
});

describe('warnings that change what figures mean', () => {
  const warn = { type: 'log', level: 'warning', message: 'near chance', model: 'mnist', node: 'baseline' } as const;
  it('are those of the result, or while the node runs those of its log since it began', () => {
    const events = exampleRun().slice(0, 2);
    const time = events.at(-1)?.time ?? 0;
    const run = reduceEvents([
      ...events,
      { ...warn, sequence: 2, time },
      { ...warn, sequence: 3, time },
      { ...warn, message: 'old', sequence: 4, time: 0 },
    ]);
    const running = run.models[0]?.nodes.get('baseline');
    expect(running && nodeWarnings(run, 'mnist', running)).toEqual(['near chance']);
    const baseline = result('baseline');
    expect(
      baseline.metrics && nodeWarnings(finished, 'mnist', { ...baseline, metrics: { ...baseline.metrics, warnings: ['kept'] } }),
    ).toEqual(['kept']);
  });
});

describe('failures of a run', () => {
  it('have their causes in parts and the titles of nodes', () => {
    expect(runFailures(reduceEvents(exampleRun({ failing: ['pruned'] })), english)).toEqual([
      { ...exampleCause, title: 'Pruned model', model: 'mnist', node: 'pruned' },
    ]);
    const titles = runFailures(reduceEvents(exampleRun({ failing: ['qat'], models: ['a', 'b'] })), english).map(({ title }) => title);
    expect(titles).toEqual(['a · QAT model', 'b · QAT model']);
  });

  it('are files that are not what they must be', () => {
    const broken = exampleRun().map((event) =>
      event.type === 'node-finished' && event.node === 'ptq'
        ? {
            ...event,
            metrics: {
              ...event.metrics,
              certificate: {
                passed: false,
                checks: [{ layer: 'dense', property: 'zeros', expected: 'at least 50', found: '49', passed: false }],
              },
            },
          }
        : event,
    );
    expect(runFailures(reduceEvents(broken), english)).toMatchObject([
      { title: 'Quantized model', what: 'the certificate fails: zeros of dense is 49, expected at least 50' },
    ]);
  });

  it('are the run’s own where no node failed', () => {
    const ended = { type: 'run-finished', outcome: 'failed', reason: 'the disk is full', sequence: 1, time: 1 } as const;
    const [failure] = runFailures(reduceEvents([...exampleRun().slice(0, 1), ended]), english);
    expect(failure).toEqual({ what: 'the disk is full', title: '', model: undefined, node: undefined });
    expect(runFailures(finished, english)).toEqual([]);
  });
});
