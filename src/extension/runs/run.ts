import path from 'node:path';
import * as vscode from 'vscode';
import type { RunEvent } from '../../shared/events.ts';
import type { PanelActivity, PanelStatus } from '../../shared/panel-protocol.ts';
import type { RunLog, RunPlace, RunSummary } from '../../shared/protocol.ts';
import { emptyRunState, interruptRun, reduceRun } from '../../shared/run-state.ts';
import type { RunState } from '../../shared/run-state.ts';
import { EventHistory } from './event-history.ts';

/** Events are passed on at most once a frame. */
const batchMilliseconds = 33;

/** Reads the log of a run from a position, 0 or the end of what was read before. */
export type ReadLog = (runFolder: string, from: number) => Promise<RunLog>;

let made = 0;

/** A run of a recipe as the state that follows from its events: in progress in the worker, or read from its folder. */
export class Run implements vscode.Disposable {
  readonly recipe: vscode.Uri;
  /** Stable while the window is open, for views that identify entries by a key. */
  readonly key: string;
  /** What the store knows of a run whose events were not read yet. */
  readonly summary: RunSummary | undefined;
  readonly #appended = new vscode.EventEmitter<readonly RunEvent[]>();
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #history = new EventHistory();
  #state: RunState = emptyRunState;
  #pending: RunEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #activity: PanelActivity;
  #notice: string | undefined;
  #place: RunPlace | undefined;
  #loading: Promise<void> | undefined;
  /** Bytes of the log that were read. What this window's worker announced after that may be known as well. */
  #logPosition = 0;

  readonly onDidAppend = this.#appended.event;
  /** Of activity or notice. */
  readonly onDidChangeStatus = this.#changed.event;

  constructor(recipe: vscode.Uri, activity: PanelActivity, summary?: RunSummary) {
    this.recipe = recipe;
    this.key = summary?.runFolder ?? `started here ${(made += 1)}`;
    this.summary = summary;
    this.#activity = activity;
    this.#place = summary;
  }

  get state(): RunState {
    return this.#activity === 'running' ? this.#state : interruptRun(this.#state);
  }
  /** Those that the state depends on. */
  get events(): readonly RunEvent[] {
    return this.#history.events;
  }
  get activity(): PanelActivity {
    return this.#activity;
  }
  get status(): PanelStatus {
    return { activity: this.#activity, notice: this.#notice, runFolder: this.folder };
  }
  get active(): boolean {
    return this.#activity === 'queued' || this.#activity === 'running';
  }
  /** Undefined until the worker has made it. */
  get folder(): string | undefined {
    return this.#place?.runFolder;
  }
  get runId(): string | undefined {
    return this.#place?.runId;
  }
  get name(): string {
    return path.basename(this.recipe.path).replace(/\.espalier\.jsonc?$/, '');
  }
  get startedAt(): number | undefined {
    return this.#state.startedAt ?? this.summary?.startedAt;
  }

  /** The .tflite of a node, once it has one. */
  tfliteOf(model: string, node: string): vscode.Uri | undefined {
    const file = this.#state.models.find((candidate) => candidate.model === model)?.nodes.get(node)?.tflite;
    return file === undefined || this.folder === undefined ? undefined : vscode.Uri.file(path.join(this.folder, file));
  }

  /** Reads what happened before, once; what came in the meantime is kept. */
  load(read: ReadLog): Promise<void> {
    const { folder } = this;
    if (folder === undefined || !this.#history.isEmpty) return Promise.resolve();
    this.#loading ??= read(folder, 0)
      .then(({ events, end }) => {
        const later = this.#history.events;
        this.#history.clear();
        this.#state = emptyRunState;
        for (const event of [...events, ...later]) this.#add(event);
        this.#logPosition = end;
        this.#appended.fire(this.events);
      })
      .finally(() => {
        this.#loading = undefined;
      });
    return this.#loading;
  }

  /** Reads what another process has added to the log since it was last read. */
  async catchUp(read: ReadLog): Promise<void> {
    await this.#loading;
    const { folder } = this;
    if (folder === undefined) return;
    const { events, end, owned } = await read(folder, this.#logPosition);
    this.#logPosition = end;
    for (const event of events) this.append(event);
    const activity = activityOf(this.#state.outcome ?? (owned ? 'running' : 'interrupted'));
    if (activity !== this.#activity) this.become(activity);
  }

  begin(place: RunPlace): void {
    this.#place = place;
    this.become('running');
  }

  append(event: RunEvent): void {
    if (!this.#add(event)) return;
    this.#pending.push(event);
    this.#timer ??= setTimeout(() => this.flush(), batchMilliseconds);
  }

  /** `notice` is what the user should know of this change. */
  become(activity: PanelActivity, notice?: string): void {
    this.flush();
    this.#activity = activity;
    this.#notice = notice;
    this.#changed.fire(undefined);
  }

  /** Passes on events that wait for their batch. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.length === 0) return;
    const events = this.#pending;
    this.#pending = [];
    this.#appended.fire(events);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#appended.dispose();
    this.#changed.dispose();
  }

  /** False for an event that is known already. */
  #add(event: RunEvent): boolean {
    if (!this.#history.add(event)) return false;
    this.#state = reduceRun(this.#state, event);
    return true;
  }
}

export function activityOf(outcome: RunSummary['outcome']): 'running' | 'interrupted' | 'ended' {
  switch (outcome) {
    case 'running':
      return 'running';
    case 'interrupted':
    case 'cancelled':
      return 'interrupted';
    case 'done':
    case 'failed':
    case 'targets-missed':
    case 'damaged':
      return 'ended';
  }
}

export function hasFailed(run: Run): boolean {
  return !run.active && (run.state.outcome ?? run.summary?.outcome) === 'failed';
}
