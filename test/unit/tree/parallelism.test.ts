import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { EspalierError } from '../../../src/core/errors.ts';
import { planTree } from '../../../src/core/tree/deployment-tree.ts';
import { decideParallelism } from '../../../src/core/tree/parallel/decide-parallelism.ts';
import type { ParallelismQuestion } from '../../../src/core/tree/parallel/decide-parallelism.ts';
import { dependencyOrder } from '../../../src/core/tree/parallel/dependency-order.ts';
import {
  describeParallelism,
  fastestParallelism,
  parallelismCandidates,
  treeDuration,
} from '../../../src/core/tree/parallel/parallelism.ts';
import type { StageProcesses } from '../../../src/core/tree/parallel/stage-processes.ts';
import { flattenTree } from '../../../src/shared/tree.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const { root } = planTree();
const GIGABYTE = 2 ** 30;

describe('dependencyOrder', () => {
  it('is the order of the tree for one at a time', () => {
    const order = dependencyOrder(flattenTree(root), false);
    const taken: string[] = [];
    for (let next = order.take(); next !== undefined; next = order.take()) {
      taken.push(next.node.id);
      order.done(next.node.id);
    }
    expect(taken).toEqual(flattenTree(root).map(({ node }) => node.id));
  });

  it('gives no node before its parent is done, and those first that the longest path hangs on', () => {
    const order = dependencyOrder(flattenTree(root), true);
    expect(order.take()?.node.id).toBe('baseline');
    expect(order.take()).toBeUndefined();
    order.done('baseline');
    expect([order.take(), order.take(), order.take(), order.take(), order.take()].map((entry) => entry?.node.id)).toEqual([
      'pruned',
      'clustered',
      'qat',
      'ptq',
      undefined,
    ]);
    order.done('pruned');
    expect(order.take()?.node.id).toBe('pruned/clustered');
  });

  it('takes parents that are none of the nodes for done', () => {
    const leaves = flattenTree(root).filter(({ node }) => node.id === 'ptq');
    expect(dependencyOrder(leaves, false).take()?.node.id).toBe('ptq');
  });
});

describe('treeDuration', () => {
  // Seven stages train; the baseline and the four post-training quantizations count a fifth each.
  it('is the sum of all stages for one process', () => {
    expect(treeDuration(root, 1)).toBeCloseTo(7 + 5 * 0.2, 9);
  });

  it('is the longest path for as many processes as there are branches', () => {
    expect(treeDuration(root, 100)).toBeCloseTo(0.2 + 3, 9);
  });

  it('lies between half the sum and the sum for two', () => {
    expect(treeDuration(root, 2)).toBeGreaterThanOrEqual(4);
    expect(treeDuration(root, 2)).toBeLessThan(5);
  });
});

describe('parallelismCandidates', () => {
  it('shares the cores out to the branches', () => {
    expect(parallelismCandidates(2, root, 100)).toEqual([
      { processes: 1, threads: 2 },
      { processes: 2, threads: 1 },
    ]);
    const many = parallelismCandidates(16, root, 100);
    expect(many[0]).toEqual({ processes: 1, threads: 16 });
    for (const { processes, threads } of many) expect(processes * threads).toBeLessThanOrEqual(16);
    expect(many).toContainEqual({ processes: many[1]!.processes, threads: 1 });
  });

  it('has one stage at a time where memory or the tree allow no more', () => {
    const one = [
      { processes: 1, threads: 2 },
      { processes: 1, threads: 1 },
    ];
    expect(parallelismCandidates(2, root, 0)).toEqual(one);
    const { root: path } = planTree({ clustering: false, sparsityPreservingClustering: false, ptq: false, pqat: false, qat: false });
    expect(parallelismCandidates(2, path, 100)).toEqual(one);
    expect(parallelismCandidates(1, root, 100)).toEqual([{ processes: 1, threads: 1 }]);
  });
});

describe('fastestParallelism', () => {
  const alone = { processes: 1, threads: 2 };
  const together = { processes: 2, threads: 1 };

  it('takes several processes where a step beside others is not much slower than one on all cores', () => {
    const timed = [
      { ...alone, milliseconds: 4 },
      { ...together, milliseconds: 5 },
    ];
    const chosen = fastestParallelism(root, timed)!;
    expect(chosen).toEqual({ ...together, milliseconds: 5 });
    expect(describeParallelism(chosen, timed)).toBe(
      '2 stages at once on 1 thread each, 5.0 ms a training step; against one stage at a time on 2 threads, 4.0 ms a training step',
    );
  });

  it('stays with one process where its threads use the cores as well', () => {
    expect(
      fastestParallelism(root, [
        { ...together, milliseconds: 126 },
        { ...alone, milliseconds: 60 },
      ]),
    ).toMatchObject(alone);
    expect(fastestParallelism(root, [])).toBeUndefined();
  });
});

describe('decideParallelism', () => {
  const fakeProcesses = (timeSteps: StageProcesses['timeSteps']): StageProcesses => ({
    timeSteps,
    runner: () => () => Promise.reject(new Error('not asked for')),
    stop: () => undefined,
  });
  const question = (changes: Partial<ParallelismQuestion>): ParallelismQuestion => ({
    asked: {},
    cores: 2,
    freeBytes: 100 * GIGABYTE,
    tree: root,
    models: ['net'],
    file: path.join(temporaryFolder(), 'cache', 'parallelism.json'),
    processes: fakeProcesses((_, candidates) => Promise.resolve(candidates.map(({ threads }) => (threads === 1 ? 5 : 4)))),
    report: () => undefined,
    ...changes,
  });

  it('does as the recipe says, without timing anything', async () => {
    const processes = fakeProcesses(() => Promise.reject(new Error('timed')));
    expect(await decideParallelism(question({ processes, asked: { threads: 1 } }))).toEqual({ threads: 1, processes: 1 });
    expect(await decideParallelism(question({ processes, asked: { threads: 1, processes: 2 } }))).toEqual({ threads: 1, processes: 2 });
    expect(await decideParallelism(question({ processes, cores: 8, asked: { processes: 3 } }))).toEqual({ threads: 2, processes: 3 });
    expect(await decideParallelism(question({ processes: undefined, asked: { threads: 1, processes: 2 } }))).toEqual({
      threads: 1,
      processes: 1,
    });
  });

  it('times once, says what it found, and keeps to it', async () => {
    const told: string[] = [];
    const first = question({ report: (message) => told.push(message) });
    expect(await decideParallelism(first)).toEqual({ processes: 2, threads: 1 });
    expect(told).toHaveLength(1);
    expect(JSON.parse(readFileSync(first.file, 'utf8'))).toMatchObject({ processes: 2, threads: 1 });
    const slower = fakeProcesses((_, candidates) => Promise.resolve(candidates.map(({ threads }) => (threads === 1 ? 50 : 4))));
    expect(await decideParallelism({ ...first, processes: slower })).toEqual({ processes: 2, threads: 1 });
    expect(told).toHaveLength(1);
  });

  it('adds the times of several models', async () => {
    const processes = fakeProcesses((model, candidates) =>
      Promise.resolve(candidates.map(({ threads }) => (model === 'small' ? (threads === 1 ? 5 : 4) : threads === 1 ? 200 : 100))),
    );
    expect(await decideParallelism(question({ processes, models: ['small', 'large'] }))).toEqual({ processes: 1, threads: 2 });
  });

  it('leaves it to the stages to tell of a model that cannot be trained, and hides no bug', async () => {
    const failing = (error: Error): StageProcesses => fakeProcesses(() => Promise.reject(error));
    const unreadable = question({ processes: failing(new EspalierError('invalid-model', 'broken')) });
    expect(await decideParallelism(unreadable)).toEqual({ processes: 1, threads: 2 });
    await expect(decideParallelism(question({ processes: failing(new TypeError('bug')) }))).rejects.toThrow('bug');
  });
});
