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
}

/** A run that lost its process. */
export interface Interruption {
  readonly run: Run;
  readonly error: WorkerEnded;
}

/** The runs that this window works on: one trains at a time, with the whole machine, and the others wait. */
export class RunQueue implements vscode.Disposable {
  readonly #worker: RunningWorker;
  readonly #log: vscode.LogOutputChannel;
  readonly #load: (run: Run) => Promise<void>;
  readonly #started = new vscode.EventEmitter<Run>();
  readonly #interrupted = new vscode.EventEmitter<Interruption>();
  readonly #disposables: vscode.Disposable[] = [this.#started, this.#interrupted];
  #waiting: QueuedRun[] = [];
  #current: Run | undefined;
  /** The current run, cancelled while the worker was still reading its model. */
  #cancelledEarly: Run | undefined;
  /** Events that came before the reply that says which run they are of. Undefined when no reply is awaited. */
  #early: { readonly runId: string; readonly event: RunEvent }[] | undefined;

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

  get current(): Run | undefined {
    return this.#current;
  }

  add(run: Run, begin: BeginRun): void {
    this.#waiting.push({ run, begin });
    this.#next();
  }

  async cancel(run: Run): Promise<void> {
    if (run.activity === 'queued' && run === this.#current) {
      this.#cancelledEarly = run;
      run.become('queued', vscode.l10n.t('Cancelling…'));
      return;
    }
    if (run.activity === 'queued') {
      this.#waiting = this.#waiting.filter((entry) => entry.run !== run);
      run.become(activityWithoutProcess(run), vscode.l10n.t('Cancelled before it began.'));
      return;
    }
    if (run.activity !== 'running' || run.runId === undefined) return;
    if (run !== this.#current)
      throw new Error(vscode.l10n.t('This run goes on in another window or on the command line: cancel it there.'));
    run.become('running', vscode.l10n.t('Cancelling…'));
    await this.#worker.connection.request('cancelRun', { runId: run.runId });
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #next(): void {
    if (this.#current !== undefined) return;
    const entry = this.#waiting.shift();
    if (entry === undefined) return;
    this.#current = entry.run;
    this.#cancelledEarly = undefined;
    this.#early = [];
    this.#begin(entry).catch((error: unknown) => {
      this.#early = undefined;
      this.#log.error(error instanceof Error ? error : String(error));
      if (!(error instanceof WorkerEnded))
        this.#finish(entry.run, activityWithoutProcess(entry.run), error instanceof Error ? error.message : String(error));
    });
  }

  async #begin({ run, begin }: QueuedRun): Promise<void> {
    // A resumed run continues from what is known of it.
    await this.#load(run);
    const handle = await begin(this.#worker.connection);
    run.begin(handle);
    this.#started.fire(run);
    const cancelled = this.#cancelledEarly === run;
    this.#cancelledEarly = undefined;
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const { runId, event } of early) if (runId === handle.runId) this.#deliver(run, event);
    if (cancelled) await this.cancel(run);
  }

  #receive(runId: string, event: RunEvent): void {
    const run = this.#current;
    if (run?.activity === 'running' && run.runId === runId) this.#deliver(run, event);
    // Events of a run that this window no longer follows are in the run's folder.
    else this.#early?.push({ runId, event });
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
    if (this.#current === run) this.#current = undefined;
    run.become(activity, notice);
    this.#next();
  }

  #interrupt(error: WorkerEnded): void {
    const run = this.#current;
    if (run === undefined) return;
    this.#finish(run, activityWithoutProcess(run), error.message);
    this.#interrupted.fire({ run, error });
  }
}

/** Only a run with a folder can be resumed. */
function activityWithoutProcess({ folder }: Run): 'ended' | 'interrupted' {
  return folder === undefined ? 'ended' : 'interrupted';
}
