import path from 'node:path';
import * as vscode from 'vscode';
import { MessageHandler } from '../../shared/message-handler.ts';
import type { PanelHost, PanelPage } from '../../shared/panel-protocol.ts';
import type { Targets } from '../../shared/recipe/targets.ts';
import type { Run } from '../runs/run.ts';
import { pageHtml, pageStrings } from './page.ts';

export const resultPanelType = 'espalier.results';

/** What the panel needs from the extension. */
export interface PanelServices {
  readonly extensionUri: vscode.Uri;
  targetsOf(recipe: vscode.Uri): Promise<Targets>;
}

/** The panel of one run. The page is only a view: it can be disposed and created again at any time. */
export class ResultPanel implements vscode.Disposable {
  readonly run: Run;
  readonly #panel: vscode.WebviewPanel;
  readonly #host: MessageHandler<PanelHost, PanelPage>;
  readonly #disposables: vscode.Disposable[] = [];

  constructor(panel: vscode.WebviewPanel, run: Run, services: PanelServices) {
    this.run = run;
    this.#panel = panel;
    const folder = vscode.Uri.joinPath(services.extensionUri, 'dist', 'webview');
    const title = vscode.l10n.t('{0} — Espalier', run.name);
    panel.title = title;
    panel.iconPath = {
      light: vscode.Uri.joinPath(services.extensionUri, 'media', 'tree-light.svg'),
      dark: vscode.Uri.joinPath(services.extensionUri, 'media', 'tree-dark.svg'),
    };
    this.#host = new MessageHandler<PanelHost, PanelPage>((message) => void panel.webview.postMessage(message), {
      ready: async () => {
        const targets = await services.targetsOf(run.recipe);
        // Events sent from here on follow this answer, and do not repeat what it contains.
        run.flush();
        return { title: run.name, events: run.events, status: run.status, targets };
      },
      copy: async ({ text }) => {
        await vscode.env.clipboard.writeText(text);
        return null;
      },
      act: async ({ command, model, node }) => {
        await vscode.commands.executeCommand(commandOf[command], { run, model, node });
        return null;
      },
    });
    panel.webview.options = { enableScripts: true, localResourceRoots: [folder] };
    this.#disposables.push(
      panel.webview.onDidReceiveMessage((message) => this.#host.receive(message)),
      run.onDidAppend((events) => this.#host.emit('appended', { events })),
      run.onDidChangeStatus(() => this.#host.emit('status', run.status)),
      panel.onDidDispose(() => this.dispose()),
    );
    panel.webview.html = pageHtml(panel.webview, folder, title, { recipe: run.recipe.toString(), strings: pageStrings() });
  }

  get onDidDispose(): vscode.Event<void> {
    return this.#panel.onDidDispose;
  }

  get active(): boolean {
    return this.#panel.active;
  }

  reveal(): void {
    this.#panel.reveal(undefined, true);
  }

  select(model: string, node: string): void {
    this.#host.emit('select', { model, node });
  }

  dispose(): void {
    this.#host.dispose();
    for (const disposable of this.#disposables.splice(0)) disposable.dispose();
    this.#panel.dispose();
  }
}

const commandOf = {
  cancel: 'espalier.cancel',
  resume: 'espalier.resume',
  'run-again': 'espalier.runAgain',
  'open-recipe': 'espalier.openRecipe',
  'export-report': 'espalier.exportReport',
  'open-tflite': 'espalier.openTflite',
  'save-tflite': 'espalier.saveTflite',
  'copy-tflite-path': 'espalier.copyPath',
  'reveal-tflite': 'espalier.revealTflite',
  'show-log': 'espalier.showLog',
} as const;

/** One panel for each run. */
export class ResultPanels implements vscode.Disposable {
  readonly #services: PanelServices;
  readonly #panels = new Map<Run, ResultPanel>();

  constructor(services: PanelServices) {
    this.#services = services;
  }

  show(run: Run, select?: { readonly model: string; readonly node: string }): ResultPanel {
    const shown = this.#panels.get(run);
    shown?.reveal();
    const panel =
      shown ??
      this.adopt(
        vscode.window.createWebviewPanel(resultPanelType, path.basename(run.recipe.path), {
          viewColumn: vscode.ViewColumn.Active,
          preserveFocus: false,
        }),
        run,
      );
    if (select !== undefined) panel.select(select.model, select.node);
    return panel;
  }

  /** Also adopts a panel that the window restored. */
  adopt(webviewPanel: vscode.WebviewPanel, run: Run): ResultPanel {
    const panel = new ResultPanel(webviewPanel, run, this.#services);
    this.#panels.set(run, panel);
    panel.onDidDispose(() => this.#panels.delete(run));
    return panel;
  }

  /** The run of the panel that has the focus of the editor area. */
  active(): Run | undefined {
    for (const [run, panel] of this.#panels) if (panel.active) return run;
    return undefined;
  }

  dispose(): void {
    for (const panel of this.#panels.values()) panel.dispose();
    this.#panels.clear();
  }
}
