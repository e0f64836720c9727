import path from 'node:path';
import * as vscode from 'vscode';
import type { BoardContents, BoardHost, BoardPage, ComparedRun } from '../../shared/board-protocol.ts';
import { isObjectOf, isRecord, parseChecked } from '../../shared/checked-json.ts';
import { bestFile, type BoardRun } from '../../shared/drawing/run-board.ts';
import { MessageHandler } from '../../shared/message-handler.ts';
import { pageHtml, pageStrings } from '../panel/page.ts';
import type { Run } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { describeActivity } from '../views/tree-items.ts';
import type { RunNotes } from './run-notes.ts';

/** Older runs are listed without their figures until one of them is opened. */
const mostLoaded = 100;
const refreshMilliseconds = 500;

export interface BoardServices {
  readonly extensionUri: vscode.Uri;
  /** Shared by the boards of the window. */
  readonly notes: RunNotes;
  readonly services: Services;
}

/** A page with the board of runs, in an editor tab or in a side bar. */
export class RunBoard implements vscode.Disposable {
  readonly #services: Services;
  readonly #notes: RunNotes;
  readonly #host: MessageHandler<BoardHost, BoardPage>;
  readonly #disposables: vscode.Disposable[] = [];
  #compared: readonly string[];
  #timer: NodeJS.Timeout | undefined;
  #isReady = false;

  /** @param compared runs that are compared at once */
  constructor(webview: vscode.Webview, { extensionUri, notes, services }: BoardServices, compared: readonly Run[] = []) {
    this.#services = services;
    this.#notes = notes;
    this.#compared = compared.map(({ key }) => key);
    const folder = vscode.Uri.joinPath(extensionUri, 'dist', 'webview');
    webview.options = { enableScripts: true, localResourceRoots: [folder] };
    this.#host = new MessageHandler<BoardHost, BoardPage>((message) => void webview.postMessage(message), {
      ready: async () => {
        await this.#load();
        this.#isReady = true;
        return this.#contents();
      },
      annotate: async ({ run, note }) => {
        const found = this.#find(run);
        if (found !== undefined) await this.#notes.write(found, note);
        this.#changed();
        return null;
      },
      pin: async ({ run }) => {
        const found = run === undefined ? undefined : this.#find(run);
        if (run === undefined || found !== undefined) await this.#notes.pin(found);
        this.#changed();
        return null;
      },
      compare: async ({ runs }) => ({
        runs: await Promise.all(runs.flatMap((key) => this.#find(key) ?? []).map((run) => this.#compare(run))),
      }),
      open: async ({ run }) => {
        await vscode.commands.executeCommand('espalier.openResults', { run: this.#find(run) });
        return null;
      },
    });
    this.#disposables.push(
      webview.onDidReceiveMessage((message) => this.#host.receive(message)),
      services.runs.onDidChange(() => this.#changed()),
    );
    webview.html = pageHtml(webview, folder, vscode.l10n.t('Runs'), { recipe: '', strings: pageStrings(), treeLook: 'status' }, 'board');
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#host.dispose();
    for (const disposable of this.#disposables.splice(0)) disposable.dispose();
  }

  #changed(): void {
    if (!this.#isReady) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#host.emit('changed', this.#contents());
    }, refreshMilliseconds);
  }

  async #load(): Promise<void> {
    const { runs } = this.#services;
    await runs.ensureListed();
    for (const run of runs.all().slice(0, mostLoaded)) if (run.summary?.outcome !== 'damaged') await runs.load(run);
  }

  #contents(): BoardContents {
    const compared = this.#compared;
    this.#compared = [];
    return { runs: this.#services.runs.all().map((run) => this.#row(run)), compared };
  }

  #row(run: Run): BoardRun {
    const { startedAt, finishedAt } = run.state;
    return {
      key: run.key,
      name: run.name,
      outcome: describeActivity(run),
      startedAt: run.startedAt,
      seconds: startedAt === undefined || finishedAt === undefined ? undefined : (finishedAt - startedAt) / 1000,
      best: bestFile(run.state),
      note: this.#notes.of(run),
      isPinned: this.#notes.isPinned(run),
    };
  }

  #find(key: string): Run | undefined {
    return this.#services.runs.all().find((run) => run.key === key);
  }

  async #compare(run: Run): Promise<ComparedRun> {
    await this.#services.runs.load(run);
    const time =
      run.startedAt === undefined
        ? ''
        : ` ${new Date(run.startedAt).toLocaleString(vscode.env.language, { dateStyle: 'short', timeStyle: 'medium' })}`;
    return { key: run.key, name: `${run.name}${time}`, events: run.events, recipe: await readRecipe(run) };
  }
}

const isStoredRun = isObjectOf({ recipe: isRecord });

/** The recipe as it was run; empty where it cannot be read. */
async function readRecipe({ folder }: Run): Promise<unknown> {
  if (folder === undefined) return {};
  try {
    const bytes = await vscode.workspace.fs.readFile(vscode.Uri.file(path.join(folder, 'recipe.json')));
    return parseChecked(new TextDecoder().decode(bytes), isStoredRun)?.recipe ?? {};
  } catch {
    return {};
  }
}
