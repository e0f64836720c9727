import { describe, expect, it } from 'vitest';
import {
  bestFile,
  boardColumns,
  boardRows,
  comparedInOrder,
  comparedNode,
  comparedNodes,
  recipeDifferences,
  type BoardRun,
} from '../../../src/shared/drawing/run-board.ts';
import { english } from '../../../src/shared/drawing/translate.ts';
import { emptyRunState, reduceEvents } from '../../../src/shared/run-state.ts';
import { exampleRun } from '../../support/example-run.ts';

const columns = boardColumns(english, String);
const best = bestFile(reduceEvents(exampleRun()));

function run(key: string, more: Partial<BoardRun> = {}): BoardRun {
  return { key, name: key, outcome: 'done', startedAt: 1, seconds: 10, best, note: '', isPinned: false, ...more };
}
const sized = (size: number) => best && { ...best, size };

describe('the board of runs', () => {
  it('shows the recommended file of a run, and none of one that has no file', () => {
    expect(best).toMatchObject({ title: 'Quantized pruned, clustered model', sizeText: '6.4 kB' });
    expect(bestFile(emptyRunState)).toBeUndefined();
  });

  it('is sorted with the pinned run first and missing figures last', () => {
    const runs = [
      run('a', { best: sized(30) }),
      run('b', { best: undefined }),
      run('c', { best: sized(20) }),
      run('d', { best: sized(90), isPinned: true }),
    ];
    const keys = (descending: boolean) => boardRows(runs, columns, { column: 'size', descending }, '').map(({ key }) => key);
    expect(keys(false)).toEqual(['d', 'c', 'a', 'b']);
    expect(keys(true)).toEqual(['d', 'a', 'c', 'b']);
    expect(boardRows(runs, columns, undefined, '').map(({ key }) => key)).toEqual(['d', 'a', 'b', 'c']);
  });

  it('is filtered by every word in name, note and tags', () => {
    const runs = [run('mnist', { note: 'longer #ship' }), run('kws', { note: '#ship' }), run('cifar')];
    const keys = (filter: string) => boardRows(runs, columns, undefined, filter).map(({ key }) => key);
    expect(keys('#SHIP')).toEqual(['mnist', 'kws']);
    expect(keys('#ship longer')).toEqual(['mnist']);
    expect(keys('')).toHaveLength(3);
  });
});

describe('runs side by side', () => {
  it('are compared with the pinned one, else with the earliest', () => {
    const runs = [run('late', { startedAt: 3 }), run('queued', { startedAt: undefined }), run('early', { startedAt: 1 })];
    expect(comparedInOrder(runs).map(({ key }) => key)).toEqual(['early', 'late', 'queued']);
    const pinned = runs.map((one) => ({ ...one, isPinned: one.key === 'late' }));
    expect(comparedInOrder(pinned).map(({ key }) => key)).toEqual(['late', 'early', 'queued']);
  });

  it('tell recipes apart by the values that differ, those of one alone too', () => {
    const first = { model: 'a.h5', techniques: { pruning: { sparsity: 0.5 }, clustering: [{ clusters: 16 }] }, seed: 0 };
    const second = { model: 'a.h5', techniques: { pruning: { sparsity: 0.75 }, clustering: [{ clusters: 16 }] }, nodes: [] };
    expect(recipeDifferences([first, second])).toEqual([
      { path: 'nodes', values: [undefined, '[]'] },
      { path: 'seed', values: ['0', undefined] },
      { path: 'techniques.pruning.sparsity', values: ['0.5', '0.75'] },
    ]);
    expect(recipeDifferences([first, first])).toEqual([]);
  });

  it('have the nodes of all of them', () => {
    const model = reduceEvents(exampleRun()).models[0]!;
    const fewer = { ...model, nodes: new Map([...model.nodes].filter(([id]) => id !== 'qat')) };
    expect(comparedNodes([fewer, undefined, model])).toHaveLength(model.nodes.size);
  });

  it('show the chosen node as long as one of them has it, then one that all have a curve of', () => {
    const model = reduceEvents(exampleRun()).models[0]!;
    const only = (...ids: readonly string[]) => ({ ...model, nodes: new Map([...model.nodes].filter(([id]) => ids.includes(id))) });
    expect(comparedNode([model, only('baseline')], 'qat')).toBe('qat');
    const others = [only('baseline', 'pruned'), only('baseline', 'pruned')];
    const drawn = [...model.nodes.values()].find(({ node, curve }) => ['baseline', 'pruned'].includes(node.id) && curve.length > 0);
    expect(drawn).toBeDefined();
    expect(comparedNode(others, 'qat')).toBe(drawn?.node.id);
    expect(comparedNode([only()], 'qat')).toBeUndefined();
  });
});
