import * as vscode from 'vscode';
import type { RunEvent } from '../../shared/events.ts';
import type { RunHandle } from '../../shared/protocol.ts';
import type { RunningWorker, WorkerConnection } from '../child-process/worker-process.ts';
import { WorkerEnded } from '../child-process/worker-process.ts';
import type { Run } from './run.ts';

/** Asks the worker to start or resume a run. */
export type BeginRun = (connection: WorkerConnection) => Promise<RunHandle>;

interface QueuedRun {
  readonly run: Run;
  readonly begin: BeginRun;
  /** Undefined until it is known. */
  isScheduled: boolean | undefined;
}

/** A run that lost its process. */
export interface Interruption {
  readonly run: Run;
  readonly error: WorkerEnded;
}

/**
 * The runs that this window works on. One trains here at a time, with the whole machine, and the others wait. Runs whose
 * stages are jobs of a scheduler need little of this machine: they begin at once and keep no other run waiting.
 */
export class RunQueue implements vscode.Disposable {
  readonly #worker: RunningWorker;
  readonly #log: vscode.LogOutputChannel;
  readonly #load: (run: Run) => Promise<void>;
  readonly #started = new vscode.EventEmitter<Run>();
  readonly #interrupted = new vscode.EventEmitter<Interruption>();
  readonly #disposables: vscode.Disposable[] = [this.#started, this.#interrupted];
  #waiting: QueuedRun[] = [];
  /** Those that the worker was asked to begin and that have not ended. */
  readonly #begun = new Set<Run>();
  /** The one of them that trains here. */
  #training: Run | undefined;
  /** Cancelled while the worker was still reading their models. */
  readonly #cancelledEarly = new Set<Run>();
  /** How many replies are awaited that say which run they are of. */
  #awaited = 0;
  /** Events that came in the meantime. */
  #early: { readonly runId: string; readonly event: RunEvent }[] = [];

  readonly onDidStart = this.#started.event;
  readonly onDidInterrupt = this.#interrupted.event;

  /** @param load reads what is known of a run that is resumed */
  constructor(worker: RunningWorker, log: vscode.LogOutputChannel, load: (run: Run) => Promise<void>) {
    this.#worker = worker;
    this.#log = log;
    this.#load = load;
    this.#disposables.push(
      worker.onDidConnect((connection) => connection.on('run', ({ runId, event }) => this.#receive(runId, event))),
      worker.onDidEnd((error) => this.#interrupt(error)),
    );
  }

  /** In the order in which they began. */
  get begun(): readonly Run[] {
    return [...this.#begun];
  }

  has(run: Run): boolean {
    return this.#begun.has(run);
  }

  /** @param isScheduled whether the stages will be jobs of a scheduler */
  add(run: Run, begin: BeginRun, isScheduled: Promise<boolean> = Promise.resolve(false)): void {
    const entry: QueuedRun = { run, begin, isScheduled: undefined };
    this.#waiting.push(entry);
    void isScheduled.then((answer) => {
      entry.isScheduled = answer;
      this.#next();
    });
  }

  async cancel(run: Run): Promise<void> {
    if (run.activity === 'queued' && this.#begun.has(run)) {
      this.#cancelledEarly.add(run);
      run.become('queued', vscode.l10n.t('Cancelling…'));
      return;
    }
    if (run.activity === 'queued') {
      this.#waiting = this.#waiting.filter((entry) => entry.run !== run);
      run.become(activityWithoutProcess(run), vscode.l10n.t('Cancelled before it began.'));
      return;
    }
    if (run.activity !== 'running' || run.runId === undefined) return;
    if (!this.#begun.has(run))
      throw new Error(vscode.l10n.t('This run goes on in another window or on the command line: cancel it there.'));
    run.become('running', vscode.l10n.t('Cancelling…'));
    await this.#worker.connection.request('cancelRun', { runId: run.runId });
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #next(): void {
    for (const entry of this.#waiting.filter(({ isScheduled }) => isScheduled === true)) this.#take(entry);
    const [first] = this.#waiting;
    if (this.#training !== undefined || first?.isScheduled !== false) return;
    this.#training = first.run;
    this.#take(first);
  }

  #take(entry: QueuedRun): void {
    const { run } = entry;
    this.#waiting = this.#waiting.filter((waiting) => waiting !== entry);
    this.#begun.add(run);
    this.#begin(entry).catch((error: unknown) => {
      this.#log.error(error instanceof Error ? error : String(error));
      if (!(error instanceof WorkerEnded))
        this.#finish(run, activityWithoutProcess(run), error instanceof Error ? error.message : String(error));
    });
  }

  async #begin({ run, begin }: QueuedRun): Promise<void> {
    // A resumed run continues from what is known of it.
    await this.#load(run);
    this.#awaited++;
    try {
      const handle = await begin(this.#worker.connection);
      run.begin(handle);
      this.#started.fire(run);
      if (handle.isScheduled) this.#leaveMachine(run);
      for (const { event } of this.#early.filter(({ runId }) => runId === handle.runId)) this.#deliver(run, event);
    } finally {
      this.#awaited--;
      if (this.#awaited === 0) this.#early = [];
    }
    if (this.#cancelledEarly.delete(run)) await this.cancel(run);
  }

  /** Of a run that turns out to have jobs: the command line began it with other options than its recipe's. */
  #leaveMachine(run: Run): void {
    if (this.#training !== run) return;
    this.#training = undefined;
    this.#next();
  }

  #receive(runId: string, event: RunEvent): void {
    const run = this.begun.find((candidate) => candidate.activity === 'running' && candidate.runId === runId);
    if (run !== undefined) this.#deliver(run, event);
    // Events of a run that this window no longer follows are in the run's folder.
    else if (this.#awaited > 0) this.#early.push({ runId, event });
  }

  #deliver(run: Run, event: RunEvent): void {
    run.append(event);
    if (event.type !== 'run-finished') return;
    if (event.outcome === 'cancelled')
      this.#finish(run, 'interrupted', vscode.l10n.t('Cancelled. Finished nodes are kept; resume to go on.'));
    // Why a run failed is in its state.
    else this.#finish(run, 'ended', undefined);
  }

  #finish(run: Run, activity: 'ended' | 'interrupted', notice: string | undefined): void {
    this.#begun.delete(run);
    this.#cancelledEarly.delete(run);
    if (this.#training === run) this.#training = undefined;
    run.become(activity, notice);
    this.#next();
  }

  #interrupt(error: WorkerEnded): void {
    for (const run of this.begun) {
      this.#finish(run, activityWithoutProcess(run), error.message);
      this.#interrupted.fire({ run, error });
    }
  }
}

/** Only a run with a folder can be resumed. */
function activityWithoutProcess({ folder }: Run): 'ended' | 'interrupted' {
  return folder === undefined ? 'ended' : 'interrupted';
}
