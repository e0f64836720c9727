import type * as vscode from 'vscode';
import type { ResultPanels } from './panel/result-panel.ts';
import type { Runs } from './runs/runs.ts';
import type { WorkerProcess } from './child-process/worker-process.ts';
import type { ModelFiles, RecipeFiles } from './workspace/model-files.ts';

/** What commands, views and editors share. */
export interface Services {
  readonly log: vscode.LogOutputChannel;
  readonly worker: WorkerProcess;
  readonly runs: Runs;
  readonly panels: ResultPanels;
  readonly models: ModelFiles;
  readonly recipes: RecipeFiles;
  /** Of the workspace: what the user has allowed. */
  readonly state: vscode.Memento;
}
