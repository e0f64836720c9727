/** How long a run still takes: from the steps of what trains, and from how long nodes took in this run and before it. */
import type { ModelState, RunState } from '../run-state.ts';
import type { NodeResult } from '../node-result.ts';
import type { TreeNode } from '../tree.ts';

/** Seconds that nodes took in an earlier run of the recipe, by model and node. */
export type EarlierTimes = Readonly<Record<string, Readonly<Record<string, number>>>>;

interface Job {
  readonly key: string;
  /** Undefined where it has a result already, or is the root. */
  readonly after: string | undefined;
  readonly running: boolean;
  /** Seconds that it still takes. */
  readonly seconds: number;
}

/**
 * Seconds until the last node ends, if as many nodes run at the same time as now.
 *
 * @param now milliseconds since the epoch, on the clock of the events
 * @returns undefined while nothing is known of any node, or where nothing is left to do
 */
export function timeLeft(run: RunState, now: number, earlier: EarlierTimes = {}): number | undefined {
  const known = knownTimes(run, now);
  const jobs = run.models.flatMap((model) => jobsOf(model, now, known, earlier[model.model] ?? {}));
  if (jobs.length === 0 || jobs.some(({ seconds }) => Number.isNaN(seconds))) return undefined;
  return makespan(jobs, Math.max(1, jobs.filter(({ running }) => running).length));
}

/** Mean seconds of the nodes of a technique, of those that train or don't, and of all. Undefined where none has ended. */
interface KnownTimes {
  readonly byTechnique: ReadonlyMap<TreeNode['technique'], number | undefined>;
  readonly trained: number | undefined;
  readonly untrained: number | undefined;
  readonly all: number | undefined;
  /** From the last training step to the result. */
  readonly afterTraining: number;
}

function knownTimes(run: RunState, now: number): KnownTimes {
  const byTechnique = new Map<TreeNode['technique'], number[]>();
  const trained: number[] = [];
  const untrained: number[] = [];
  const after: number[] = [];
  for (const result of run.models.flatMap((model) => [...model.nodes.values()])) {
    const seconds = secondsOf(result, now);
    if (seconds === undefined) continue;
    const { node, metrics } = result;
    const alike = byTechnique.get(node.technique);
    if (alike === undefined) byTechnique.set(node.technique, [seconds]);
    else alike.push(seconds);
    (node.fineTuned ? trained : untrained).push(seconds);
    if (metrics?.trainingSeconds !== undefined && seconds >= metrics.trainingSeconds) after.push(seconds - metrics.trainingSeconds);
  }
  return {
    byTechnique: new Map([...byTechnique].map(([technique, seconds]) => [technique, mean(seconds)])),
    trained: mean(trained),
    untrained: mean(untrained),
    all: mean([...trained, ...untrained]),
    afterTraining: mean(after) ?? 0,
  };
}

/** What a node took, or of one that trains will take as far as its steps tell. */
function secondsOf({ state, startedAt, finishedAt, metrics, training }: NodeResult, now: number): number | undefined {
  if (state.kind === 'running' && training !== undefined && startedAt !== undefined)
    return Math.max(0, (now - startedAt) / 1000) + training.secondsLeft;
  if (state.kind !== 'done') return undefined;
  // A result from the store took its time when it was made.
  if (state.cached) return metrics?.trainingSeconds;
  return startedAt === undefined || finishedAt === undefined ? undefined : (finishedAt - startedAt) / 1000;
}

function jobsOf(model: ModelState, now: number, known: KnownTimes, earlier: Readonly<Record<string, number>>): readonly Job[] {
  const isOpen = ({ state }: NodeResult): boolean => state.kind === 'running' || (state.kind === 'waiting' && state.notRun !== true);
  return [...model.nodes.values()].filter(isOpen).map((result) => {
    const parent = result.parent === undefined ? undefined : model.nodes.get(result.parent);
    const running = result.state.kind === 'running';
    const whole = earlier[result.node.id] ?? expected(result.node, known);
    return {
      key: `${model.model}\n${result.node.id}`,
      after: parent !== undefined && isOpen(parent) ? `${model.model}\n${parent.node.id}` : undefined,
      running,
      seconds: running ? remaining(result, whole, now, known) : (whole ?? NaN),
    };
  });
}

/** Mean time of nodes of the same technique, else of nodes that train as it does, else of all nodes. */
function expected({ technique, fineTuned }: TreeNode, { byTechnique, trained, untrained, all }: KnownTimes): number | undefined {
  return byTechnique.get(technique) ?? (fineTuned ? trained : untrained) ?? all;
}

function remaining({ training, startedAt }: NodeResult, whole: number | undefined, now: number, known: KnownTimes): number {
  if (training !== undefined) return training.secondsLeft + known.afterTraining;
  if (whole === undefined || startedAt === undefined) return whole ?? NaN;
  return Math.max(0, whole - (now - startedAt) / 1000);
}

/** The end of the last job where each begins as soon as its parent has ended and one of `processes` is free. */
function makespan(jobs: readonly Job[], processes: number): number {
  const ends = new Map<string, number>();
  const active = jobs.filter(({ running }) => running).map(({ key, seconds }) => ({ key, end: seconds }));
  let waiting = jobs.filter(({ running }) => !running);
  let time = 0;
  for (;;) {
    for (const job of waiting) {
      if (active.length >= processes) break;
      if (job.after !== undefined && !ends.has(job.after)) continue;
      active.push({ key: job.key, end: time + job.seconds });
      waiting = waiting.filter((other) => other !== job);
    }
    const next = active.toSorted((a, b) => a.end - b.end)[0];
    if (next === undefined) return time;
    time = next.end;
    ends.set(next.key, time);
    active.splice(active.indexOf(next), 1);
  }
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What nodes of a run took, for the estimates of the next one. */
export function nodeTimes(run: RunState): EarlierTimes {
  return Object.fromEntries(
    run.models.map((model) => [
      model.model,
      Object.fromEntries(
        [...model.nodes.values()].flatMap((result) => {
          const seconds = result.state.kind === 'done' ? secondsOf(result, 0) : undefined;
          return seconds === undefined ? [] : [[result.node.id, seconds]];
        }),
      ),
    ]),
  );
}
