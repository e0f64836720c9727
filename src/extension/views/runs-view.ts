import * as vscode from 'vscode';
import type { Runs } from '../runs/runs.ts';
import { RunItem } from './tree-items.ts';

const refreshMilliseconds = 250;

/** Every run of the workspace's recipes, the latest first. */
export class RunsView implements vscode.TreeDataProvider<RunItem>, vscode.Disposable {
  readonly #runs: Runs;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #subscription: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(runs: Runs) {
    this.#runs = runs;
    this.#subscription = runs.onDidChange(() => {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#changed.fire(undefined);
      }, refreshMilliseconds);
    });
  }

  getTreeItem(item: RunItem): vscode.TreeItem {
    return item;
  }

  async getChildren(item?: RunItem): Promise<RunItem[]> {
    if (item !== undefined) return [];
    await this.#runs.ensureListed();
    return this.#runs.all().map((run) => new RunItem(run));
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}
