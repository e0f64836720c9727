import type { NodeProgress, RunEvent } from '../../shared/events.ts';
import { LONGEST_CURVE, LONGEST_LOG } from '../../shared/run-state.ts';

/**
 * The events of a run, without those that no longer change its state, so that a long run takes no more memory than its
 * results: progress before a node's result, the first result of a node that ran again, log lines that the state has
 * dropped. `reduceEvents` of what is kept gives the state of all events, but for the time of the latest one.
 */
export class EventHistory {
  /** All but progress, in order. */
  #kept: RunEvent[] = [];
  /** Progress of nodes without a result, by node. */
  readonly #progress = new Map<string, NodeProgress[]>();
  #logLines = 0;
  #lastSequence = -1;

  /** In order; as long as nodes and their curves, however many events there were. */
  get events(): readonly RunEvent[] {
    return [...this.#kept, ...[...this.#progress.values()].flat()].sort((a, b) => a.sequence - b.sequence);
  }

  get isEmpty(): boolean {
    return this.#lastSequence < 0;
  }

  /** False for an event that is known already: a run that is followed and read at the same time has some of them twice. */
  add(event: RunEvent): boolean {
    if (event.sequence <= this.#lastSequence) return false;
    this.#lastSequence = event.sequence;
    if (event.type === 'node-progress') {
      this.#addProgress(event);
      return true;
    }
    this.#drop(event);
    this.#kept.push(event);
    return true;
  }

  clear(): void {
    this.#kept = [];
    this.#progress.clear();
    this.#logLines = 0;
    this.#lastSequence = -1;
  }

  #addProgress(event: NodeProgress): void {
    const key = keyOf(event);
    const before = this.#progress.get(key) ?? [];
    // Only training adds to a curve: of the rest the latest one counts.
    if (before.at(-1)?.training === undefined) before.pop();
    // Thinned as the state thins its curve, and at the same moments.
    const isLong = event.training !== undefined && before.length >= LONGEST_CURVE;
    const kept = isLong ? before.filter((_, index) => index % 2 === 0) : before;
    kept.push(event);
    this.#progress.set(key, kept);
  }

  /** What the state after `event` does not depend on. */
  #drop(event: Exclude<RunEvent, NodeProgress>): void {
    switch (event.type) {
      case 'run-started':
        this.#kept = [];
        this.#progress.clear();
        return;
      case 'run-resumed':
        this.#progress.clear();
        return;
      case 'run-finished':
        for (const key of this.#progress.keys()) if (!this.#hasFailed(key)) this.#progress.delete(key);
        return;
      case 'node-queued':
        this.#progress.delete(keyOf(event));
        this.#dropReasonBefore(keyOf(event));
        return;
      case 'node-started':
        this.#progress.delete(keyOf(event));
        return;
      case 'node-skipped':
        this.#progress.delete(keyOf(event));
        this.#kept = this.#kept.filter((kept) => !isOfNode(kept, keyOf(event)));
        return;
      case 'node-finished':
        this.#progress.delete(keyOf(event));
        this.#dropEarlierResults(keyOf(event));
        return;
      case 'node-failed':
        // The state keeps its curve, which shows how the training failed.
        return;
      case 'log':
        this.#logLines += 1;
        // By halves, so that not every line moves all others.
        if (this.#logLines >= 2 * LONGEST_LOG) this.#dropLogLines(this.#logLines - LONGEST_LOG);
        return;
      case 'tree-grown':
        return;
    }
  }

  /** A result replaces earlier ones of its node; the latest start has its time and its job. */
  #dropEarlierResults(key: string): void {
    const start = this.#kept.findLastIndex((event) => event.type === 'node-started' && keyOf(event) === key);
    this.#kept = this.#kept.filter((event, index) => index === start || !isOfNode(event, key));
  }

  /** The reason why a job waits changes as long as it waits. */
  #dropReasonBefore(key: string): void {
    const index = this.#kept.findLastIndex((event) => isOfNode(event, key));
    if (this.#kept[index]?.type === 'node-queued') this.#kept.splice(index, 1);
  }

  #dropLogLines(count: number): void {
    let left = count;
    this.#kept = this.#kept.filter((event) => event.type !== 'log' || left-- <= 0);
    this.#logLines -= count;
  }

  #hasFailed(key: string): boolean {
    return this.#kept.findLast((event) => isOfNode(event, key))?.type === 'node-failed';
  }
}

function isOfNode(event: RunEvent, key: string): boolean {
  switch (event.type) {
    case 'node-queued':
    case 'node-started':
    case 'node-progress':
    case 'node-finished':
    case 'node-failed':
    case 'node-skipped':
      return keyOf(event) === key;
    case 'run-started':
    case 'run-resumed':
    case 'tree-grown':
    case 'log':
    case 'run-finished':
      return false;
  }
}

function keyOf({ model, node }: { readonly model: string; readonly node: string }): string {
  return `${model}\n${node}`;
}
