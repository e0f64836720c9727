import * as vscode from 'vscode';
import { readSettings } from '../settings.ts';

/** A change of many files (a checkout, a build) is one change. */
const debounceMilliseconds = 200;

/** In the path of everything that the store of runs holds. */
const storePart = '/.espalier/';

/** The files of the workspace that match a pattern, kept up to date; nothing is read of them. */
export class WatchedFiles implements vscode.Disposable {
  readonly #pattern: string;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #disposables: vscode.Disposable[] = [this.#changed];
  #files: Promise<readonly vscode.Uri[]> | undefined;
  #timer: NodeJS.Timeout | undefined;

  readonly onDidChange = this.#changed.event;

  constructor(pattern: string) {
    this.#pattern = pattern;
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const changed = ({ path }: vscode.Uri): void => {
      // Runs write models there all the time, and none of them is listed.
      if (!path.includes(storePart)) this.refresh();
    };
    this.#disposables.push(
      watcher,
      watcher.onDidCreate(changed),
      watcher.onDidChange(changed),
      watcher.onDidDelete(changed),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.refresh()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('espalier.exclude')) this.refresh();
      }),
    );
  }

  /** Sorted by path. */
  files(): Promise<readonly vscode.Uri[]> {
    this.#files ??= Promise.resolve(vscode.workspace.findFiles(this.#pattern, readSettings().exclude)).then((found) =>
      found.toSorted((a, b) => a.path.localeCompare(b.path)),
    );
    return this.#files;
  }

  refresh(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#files = undefined;
      this.#changed.fire(undefined);
    }, debounceMilliseconds);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const disposable of this.#disposables) disposable.dispose();
  }
}
