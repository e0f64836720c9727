import path from 'node:path';
import * as vscode from 'vscode';
import type { RunSettings, RunSummary } from '../../shared/protocol.ts';
import { nodeTimes, type EarlierTimes } from '../../shared/drawing/time-left.ts';
import { readSettings } from '../settings.ts';
import type { RunningWorker } from '../child-process/worker-process.ts';
import type { RecipeFiles } from '../workspace/model-files.ts';
import { executionKind } from '../workspace/recipe-document.ts';
import { RunQueue, type Interruption } from './run-queue.ts';
import { activityOf, Run, type ReadLog } from './run.ts';

export interface StartOptions {
  readonly nodes?: readonly string[];
  readonly ignoreCache?: boolean;
}

/** Where runs are looked for: beside these. */
export type KnownRecipes = Pick<RecipeFiles, 'files' | 'onDidChange'>;

/** How often a run is looked at that another window or the command line works on. */
const lookMilliseconds = 2_000;

/** All runs that the window knows of. New ones that train here queue. */
export class Runs implements vscode.Disposable {
  readonly #worker: RunningWorker;
  readonly #recipes: KnownRecipes;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<Run | undefined>();
  readonly #queue: RunQueue;
  readonly #disposables: vscode.Disposable[] = [this.#changed];
  /** Latest first. */
  #runs: Run[] = [];
  #listing: Promise<void> | undefined;
  #hasLooked = false;
  /** Once the first search has ended. */
  #isListed = false;
  #looking: NodeJS.Timeout | undefined;
  #disposed = false;
  readonly #readLog: ReadLog = (runFolder, from) => this.#worker.connection.request('readRun', { runFolder, from });

  /** A run changed, or with undefined the list of runs. */
  readonly onDidChange = this.#changed.event;
  readonly onDidStart: vscode.Event<Run>;

  constructor(worker: RunningWorker, recipes: KnownRecipes, log: vscode.LogOutputChannel) {
    this.#worker = worker;
    this.#recipes = recipes;
    this.#log = log;
    this.#queue = new RunQueue(worker, log, (run) => this.load(run));
    this.onDidStart = this.#queue.onDidStart;
    this.#disposables.push(
      this.#queue,
      this.#queue.onDidInterrupt((interruption) => this.#showInterruption(interruption)),
      recipes.onDidChange(() => void this.refresh()),
    );
  }

  /** Whether all runs of the workspace are known. */
  get isListed(): boolean {
    return this.#isListed;
  }

  all(): readonly Run[] {
    return this.#runs;
  }

  /** Those that this window works on: one that trains here, and any number whose stages are jobs of a scheduler. */
  goingOn(): readonly Run[] {
    return this.#queue.begun;
  }

  latestOf(recipe: vscode.Uri): Run | undefined {
    return this.#runs.find((run) => run.recipe.fsPath === recipe.fsPath);
  }

  inFolder(runFolder: string): Run | undefined {
    return this.#runs.find((run) => run.folder === runFolder);
  }

  /** What nodes took in earlier runs of the recipe, the latest that has each. */
  earlierTimes(run: Run): EarlierTimes {
    const earlier = this.#runs.filter((other) => other !== run && other.recipe.fsPath === run.recipe.fsPath).toReversed();
    const times: Record<string, Record<string, number>> = {};
    for (const { state } of earlier)
      for (const [model, nodes] of Object.entries(nodeTimes(state))) times[model] = { ...times[model], ...nodes };
    return times;
  }

  start(recipe: vscode.Uri, options: StartOptions = {}): Run {
    const run = this.#insert(new Run(recipe, 'queued'));
    this.#queue.add(
      run,
      (connection) => connection.request('startRun', { recipe: recipe.fsPath, ...options, ...this.#runSettings() }),
      isScheduled(recipe),
    );
    return run;
  }

  resume(run: Run): void {
    const { folder } = run;
    if (folder === undefined || run.active) return;
    run.become('queued');
    this.#queue.add(
      run,
      (connection) => connection.request('resumeRun', { runFolder: folder, ...this.#runSettings() }),
      isScheduled(run.recipe),
    );
  }

  cancel(run: Run): Promise<void> {
    return this.#queue.cancel(run);
  }

  async delete(run: Run): Promise<number> {
    const { folder } = run;
    if (folder === undefined) return 0;
    const { bytes } = await this.#worker.connection.request('clean', { folder: path.dirname(run.recipe.fsPath), runFolders: [folder] });
    this.#keepOnly((candidate) => candidate !== run);
    this.#changed.fire(undefined);
    return bytes;
  }

  /** Reads the events of a run that this window has not followed. */
  async load(run: Run): Promise<void> {
    await run.load(this.#readLog);
    this.#changed.fire(run);
  }

  /** Lists runs once, when a view first shows them. */
  ensureListed(): Promise<void> {
    if (this.#hasLooked) return Promise.resolve();
    this.#hasLooked = true;
    return this.refresh();
  }

  /** Looks for runs beside the recipes of the workspace. */
  refresh(): Promise<void> {
    this.#listing ??= this.#list()
      .catch((error: unknown) => this.#log.error(`cannot list the runs: ${String(error)}`))
      .finally(() => {
        this.#listing = undefined;
      });
    return this.#listing;
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#looking);
    for (const disposable of this.#disposables) disposable.dispose();
    for (const run of this.#runs) run.dispose();
  }

  async #list(): Promise<void> {
    const folders = new Set((await this.#recipes.files()).map((recipe) => path.dirname(recipe.fsPath)));
    const found: RunSummary[] = [];
    for (const folder of folders) {
      // Without this folder there are no runs, and no need to start the worker.
      if (await exists(vscode.Uri.file(path.join(folder, '.espalier'))))
        found.push(...(await this.#worker.connection.request('listRuns', { folder })).runs);
    }
    const known = new Map(this.#runs.map((run) => [run.folder, run]));
    for (const summary of found) {
      const before = known.get(summary.runFolder);
      if (before !== undefined) {
        if (this.#isElsewhere(before)) await before.catchUp(this.#readLog);
        continue;
      }
      const run = new Run(vscode.Uri.file(summary.recipe), activityOf(summary.outcome), summary);
      this.#follow(run);
      this.#runs.push(run);
    }
    const there = new Set(found.map((summary) => summary.runFolder));
    // Runs started here are kept: they may not have a folder yet, or a notice that says why not.
    this.#keepOnly((run) => run.summary === undefined || there.has(run.summary.runFolder) || (run.active && !this.#isElsewhere(run)));
    this.#isListed = true;
    this.#runs.sort((a, b) => (b.startedAt ?? Number.MAX_VALUE) - (a.startedAt ?? Number.MAX_VALUE));
    this.#changed.fire(undefined);
    // The sidebar and the CodeLenses show the latest run of each recipe.
    const latest = new Map(this.#runs.toReversed().map((run) => [run.recipe.fsPath, run]));
    for (const run of latest.values()) if (run.summary?.outcome !== 'damaged') await this.load(run);
    this.#lookLater();
  }

  #keepOnly(isKept: (run: Run) => boolean): void {
    const dropped = this.#runs.filter((run) => !isKept(run));
    this.#runs = this.#runs.filter(isKept);
    for (const run of dropped) run.dispose();
  }

  #lookLater(): void {
    clearTimeout(this.#looking);
    if (this.#disposed || !this.#runs.some((run) => this.#isElsewhere(run))) return;
    this.#looking = setTimeout(
      () => void this.#look().catch((error: unknown) => this.#log.error(`cannot follow the runs: ${String(error)}`)),
      lookMilliseconds,
    );
  }

  /** Follows runs of other processes. The list of runs is only read again when one of them has ended. */
  async #look(): Promise<void> {
    const elsewhere = this.#runs.filter((run) => this.#isElsewhere(run));
    for (const run of elsewhere) await run.catchUp(this.#readLog);
    if (elsewhere.some((run) => !this.#isElsewhere(run))) await this.refresh();
    else this.#lookLater();
  }

  /** Another process works on it: another window, the command line, or for a moment the worker of a window that was closed. */
  #isElsewhere(run: Run): boolean {
    return run.activity === 'running' && !this.#queue.has(run);
  }

  #insert(run: Run): Run {
    this.#follow(run);
    this.#runs.unshift(run);
    this.#changed.fire(undefined);
    return run;
  }

  #follow(run: Run): void {
    run.onDidAppend(() => this.#changed.fire(run));
    run.onDidChangeStatus(() => this.#changed.fire(run));
  }

  #showInterruption({ run, error }: Interruption): void {
    if (run.folder === undefined) {
      void vscode.window.showErrorMessage(error.message);
      return;
    }
    const resume = vscode.l10n.t('Resume');
    void vscode.window.showErrorMessage(error.message, resume, vscode.l10n.t('Show Log')).then((answer) => {
      if (answer === resume) this.resume(run);
      else if (answer !== undefined) this.#log.show();
    });
  }

  #runSettings(): RunSettings {
    const { threads, executor, slurm } = readSettings();
    if (slurm === undefined)
      this.#log.error('the setting espalier.slurm is left out: its values are not of the types that they should have');
    return { threads: threads > 0 ? threads : undefined, defaultExecutor: executor, slurmDefaults: slurm };
  }
}

/** As the worker decides it: from the recipe as it is now, and where it does not say from the settings. */
async function isScheduled(recipe: vscode.Uri): Promise<boolean> {
  try {
    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(recipe));
    return (executionKind(text) ?? readSettings().executor) === 'slurm';
  } catch {
    // The worker says what is wrong with it.
    return false;
  }
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
