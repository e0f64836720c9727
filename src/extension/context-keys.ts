import * as vscode from 'vscode';
import { hasFailed } from './runs/run.ts';
import type { Services } from './services.ts';

/**
 * What the `when` clauses of package.json ask, so that only commands that can work are offered. A key is undefined until
 * it is known: before that a command is offered, and says itself what it lacks.
 */
interface ContextKeys {
  /** A run that this window can cancel goes on. */
  readonly running: boolean;
  readonly runs: 'none' | 'one' | 'several';
  /** Runs that can be resumed. */
  readonly interrupted: 'none' | 'some';
  /** Runs of which nodes failed. */
  readonly failed: 'none' | 'some';
  readonly models: 'none' | 'some';
  readonly recipes: 'none' | 'some';
  /** What the workspace lacks before something can be run, for the welcome texts of the views. */
  readonly readiness: 'noModel' | 'noData' | 'ready';
  /** Whether the editor has a side bar of its own for the board of runs. */
  readonly secondarySideBar: boolean;
}

const known = new Map<string, unknown>();

/** Tells the editor of keys that have changed. */
export function setContextKeys(keys: Partial<ContextKeys>): void {
  for (const [name, value] of Object.entries(keys)) {
    if (known.get(name) === value) continue;
    known.set(name, value);
    void vscode.commands.executeCommand('setContext', `espalier.${name}`, value);
  }
}

/** Keeps the keys about runs up to date. */
export function followRuns({ runs }: Pick<Services, 'runs'>): vscode.Disposable {
  const update = (): void => {
    setContextKeys({ running: runs.goingOn().length > 0 });
    if (!runs.isListed) return;
    const all = runs.all();
    setContextKeys({
      runs: all.length === 0 ? 'none' : all.length === 1 ? 'one' : 'several',
      interrupted: all.some(({ activity }) => activity === 'interrupted') ? 'some' : 'none',
      failed: all.some(hasFailed) ? 'some' : 'none',
    });
  };
  update();
  return runs.onDidChange(update);
}
