import type { NodeFailed, NodeFinished, NodeProgress, NodeQueued, NodeSkipped, NodeStarted, RunEvent } from '../../shared/events.ts';
import { LONGEST_CURVE, LONGEST_LOG } from '../../shared/run-state.ts';

/**
 * The events of a run, without those that no longer change its state, so that a long run takes no more memory than its
 * results: progress before a node's result, the first result of a node that ran again, log lines that the state has
 * dropped. `reduceEvents` of what is kept gives the state of all events, but for the time of the latest one.
 */
export class EventHistory {
  /** Of the run as a whole, in order. */
  #ofRun: RunEvent[] = [];
  /** All but progress, by node and in order: a run may have thousands of nodes, and each event concerns one. */
  readonly #ofNodes = new Map<string, NodeChange[]>();
  /** Progress of nodes without a result, by node. */
  readonly #progress = new Map<string, NodeProgress[]>();
  #logLines = 0;
  #lastSequence = -1;

  /** In order; as long as nodes and their curves, however many events there were. */
  get events(): readonly RunEvent[] {
    const ofNodes = [...this.#ofNodes.values(), ...this.#progress.values()].flat();
    return [...this.#ofRun, ...ofNodes].sort((a, b) => a.sequence - b.sequence);
  }

  get isEmpty(): boolean {
    return this.#lastSequence < 0;
  }

  /** False for an event that is known already: a run that is followed and read at the same time has some of them twice. */
  add(event: RunEvent): boolean {
    if (event.sequence <= this.#lastSequence) return false;
    this.#lastSequence = event.sequence;
    if (event.type === 'node-progress') this.#addProgress(event);
    else if (isNodeChange(event)) this.#addChange(event);
    else this.#addOfRun(event);
    return true;
  }

  clear(): void {
    this.#ofRun = [];
    this.#ofNodes.clear();
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

  #addChange(event: NodeChange): void {
    const key = keyOf(event);
    // Of a node that has failed the state keeps its curve, which shows how the training failed.
    if (event.type !== 'node-failed') this.#progress.delete(key);
    this.#ofNodes.set(key, [...stillNeeded(this.#ofNodes.get(key) ?? [], event), event]);
  }

  #addOfRun(event: Exclude<RunEvent, NodeProgress | NodeChange>): void {
    switch (event.type) {
      case 'run-started':
        this.#ofRun = [];
        this.#ofNodes.clear();
        this.#progress.clear();
        break;
      case 'run-resumed':
        this.#progress.clear();
        break;
      case 'run-finished':
        for (const key of this.#progress.keys()) if (this.#ofNodes.get(key)?.at(-1)?.type !== 'node-failed') this.#progress.delete(key);
        break;
      case 'log':
        this.#logLines += 1;
        // By halves, so that not every line moves all others.
        if (this.#logLines >= 2 * LONGEST_LOG) this.#dropLogLines(this.#logLines - LONGEST_LOG);
        break;
      case 'tree-grown':
        break;
    }
    this.#ofRun.push(event);
  }

  #dropLogLines(count: number): void {
    let left = count;
    this.#ofRun = this.#ofRun.filter((event) => event.type !== 'log' || left-- <= 0);
    this.#logLines -= count;
  }
}

type NodeChange = NodeQueued | NodeStarted | NodeFinished | NodeFailed | NodeSkipped;

function isNodeChange(event: RunEvent): event is NodeChange {
  switch (event.type) {
    case 'node-queued':
    case 'node-started':
    case 'node-finished':
    case 'node-failed':
    case 'node-skipped':
      return true;
    case 'node-progress':
    case 'run-started':
    case 'run-resumed':
    case 'tree-grown':
    case 'log':
    case 'run-finished':
      return false;
  }
}

/** Of the earlier events of a node, those that its state depends on when this one has come. */
function stillNeeded(before: readonly NodeChange[], event: NodeChange): readonly NodeChange[] {
  switch (event.type) {
    case 'node-queued':
      // The reason why a job waits changes as long as it waits.
      return before.at(-1)?.type === 'node-queued' ? before.slice(0, -1) : before;
    case 'node-finished': {
      // A result replaces earlier ones; the latest start has its time and its job.
      const start = before.findLast(({ type }) => type === 'node-started');
      return start === undefined ? [] : [start];
    }
    case 'node-skipped':
      return [];
    case 'node-started':
    case 'node-failed':
      return before;
  }
}

function keyOf({ model, node }: { readonly model: string; readonly node: string }): string {
  return `${model}\n${node}`;
}
