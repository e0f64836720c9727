/** How many stages run at the same time, each in a process of its own, and on how many threads. */
import { flattenTree } from '../../../shared/tree.ts';
import type { TreeNode } from '../../../shared/tree.ts';
import { dependencyOrder } from './dependency-order.ts';

export interface Parallelism {
  readonly processes: number;
  /** Of each stage: results are the same bits only for the same number. */
  readonly threads: number;
}

export interface TimedParallelism extends Parallelism {
  /** Of a training step, with all processes at work. */
  readonly milliseconds: number;
}

/** How much faster more processes must be to be chosen: each holds the data and a runtime in memory. */
const WORTHWHILE = 0.9;
/** Time of a stage that does not train (calibration, conversion, measurement), as a rough share of one that does. */
const UNTRAINED = 0.2;

/**
 * The candidates to time: all cores for one stage after the other, or the cores divided among as many stages as the tree
 * has independent branches. The first is kept unless another is clearly faster.
 */
export function parallelismCandidates(cores: number, tree: TreeNode, mostProcesses: number): readonly Parallelism[] {
  const processes = Math.max(1, Math.min(cores, mostProcesses, usefulProcesses(tree)));
  const candidates: readonly Parallelism[] = [
    { processes: 1, threads: cores },
    { processes: 1, threads: 1 },
    { processes, threads: Math.floor(cores / processes) },
    { processes, threads: 1 },
  ];
  const isSame = (a: Parallelism, b: Parallelism): boolean => a.processes === b.processes && a.threads === b.threads;
  const distinct = candidates.filter((candidate, index) => candidates.findIndex((other) => isSame(other, candidate)) === index);
  // One stage at a time on one thread is slower than several at once, wherever there are branches.
  return processes === 1 ? distinct : distinct.filter((candidate) => candidate.processes > 1 || candidate.threads > 1);
}

/** The fastest for the whole tree; fewer processes where they are nearly as fast. */
export function fastestParallelism(tree: TreeNode, timed: readonly TimedParallelism[]): TimedParallelism | undefined {
  const duration = ({ processes, milliseconds }: TimedParallelism): number => treeDuration(tree, processes) * milliseconds;
  const [first, ...others] = [...timed].sort((a, b) => a.processes - b.processes || a.threads - b.threads);
  return others.reduce<TimedParallelism | undefined>(
    (best, candidate) => (best !== undefined && duration(candidate) < WORTHWHILE * duration(best) ? candidate : best),
    first,
  );
}

/** For the log: `2 stages at once on 1 thread each, 6.1 ms a training step; against 1 on 2 threads, 4.5 ms`. */
export function describeParallelism(chosen: TimedParallelism, timed: readonly TimedParallelism[]): string {
  const one = ({ processes, threads, milliseconds }: TimedParallelism): string =>
    `${processes === 1 ? 'one stage at a time' : `${processes} stages at once`} on ${threads} ${threads === 1 ? 'thread' : 'threads'}${processes === 1 ? '' : ' each'}, ${milliseconds.toFixed(1)} ms a training step`;
  const others = timed.filter((candidate) => candidate !== chosen);
  return `${one(chosen)}${others.length === 0 ? '' : `; against ${others.map(one).join('; ')}`}`;
}

function usefulProcesses(tree: TreeNode): number {
  const fastest = treeDuration(tree, Number.POSITIVE_INFINITY);
  let processes = 1;
  while (treeDuration(tree, processes) > fastest + 1e-9) processes++;
  return processes;
}

/** Of walking the tree, in training stages that take equally long. */
export function treeDuration(tree: TreeNode, processes: number): number {
  const costOf = (node: TreeNode): number => (node.fineTuned ? 1 : UNTRAINED);
  const order = dependencyOrder(flattenTree(tree), processes > 1);
  const running: { readonly id: string; readonly end: number }[] = [];
  let now = 0;
  for (;;) {
    while (running.length < processes) {
      const next = order.take();
      if (next === undefined) break;
      running.push({ id: next.node.id, end: now + costOf(next.node) });
    }
    running.sort((a, b) => a.end - b.end);
    const first = running.shift();
    if (first === undefined) return now;
    now = first.end;
    order.done(first.id);
  }
}
