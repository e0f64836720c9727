import path from 'node:path';
import * as vscode from 'vscode';
import { MessageHandler } from '../../shared/message-handler.ts';
import type { NegativeFlips, NotRecorded } from '../../shared/negative-flips.ts';
import type { EarlierTimes } from '../../shared/drawing/time-left.ts';
import type { NodeOfModel, PanelContents, PanelHost, PanelPage } from '../../shared/panel-protocol.ts';
import type { Targets } from '../../shared/recipe/targets.ts';
import type { Run } from '../runs/run.ts';
import { readSettings } from '../settings.ts';
import { pageHtml, pageStrings } from './page.ts';

export const resultPanelType = 'espalier.results';

/** What the panel needs from the extension. */
export interface PanelServices {
  readonly extensionUri: vscode.Uri;
  targetsOf(recipe: vscode.Uri): Promise<Targets>;
  /** What nodes took in earlier runs of the recipe. */
  earlierTimes?(run: Run): EarlierTimes;
  /** Test examples that the trained model gets right and the node's file gets wrong. */
  negativeFlips?(run: Run, chosen: NodeOfModel): Promise<NegativeFlips | NotRecorded>;
}

/** A panel that shows a run. The page is only a view: it can be disposed and created again at any time. */
export class ResultPanel implements vscode.Disposable {
  readonly #panel: vscode.WebviewPanel;
  readonly #services: PanelServices;
  readonly #host: MessageHandler<PanelHost, PanelPage>;
  readonly #disposables: vscode.Disposable[] = [];
  readonly #folder: vscode.Uri;
  #run: Run;
  #following: vscode.Disposable;
  /** Whether the page can hear: it is created again each time that its tab is shown. */
  #isReady = false;
  /** To be chosen when the page is there. */
  #selected: NodeOfModel | undefined;

  constructor(panel: vscode.WebviewPanel, run: Run, services: PanelServices) {
    this.#panel = panel;
    this.#services = services;
    this.#folder = vscode.Uri.joinPath(services.extensionUri, 'dist', 'webview');
    this.#host = new MessageHandler<PanelHost, PanelPage>((message) => void panel.webview.postMessage(message), {
      ready: () => this.#contents(),
      negativeFlips: (chosen) => services.negativeFlips?.(this.#run, chosen) ?? Promise.resolve({ kind: 'not-recorded' }),
      copy: async ({ text }) => {
        await vscode.env.clipboard.writeText(text);
        return null;
      },
      act: async ({ command, model, node }) => {
        await vscode.commands.executeCommand(commandOf[command], { run: this.#run, model, node });
        return null;
      },
    });
    panel.iconPath = {
      light: vscode.Uri.joinPath(services.extensionUri, 'media', 'tree-light.svg'),
      dark: vscode.Uri.joinPath(services.extensionUri, 'media', 'tree-dark.svg'),
    };
    panel.webview.options = { enableScripts: true, localResourceRoots: [this.#folder] };
    this.#disposables.push(
      panel.webview.onDidReceiveMessage((message) => this.#host.receive(message)),
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#isReady = false;
      }),
      panel.onDidDispose(() => this.dispose()),
    );
    this.#run = run;
    this.#following = this.#follow(run);
  }

  get run(): Run {
    return this.#run;
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

  /** Shows another run in place of this one. */
  replaceRun(run: Run): void {
    this.#following.dispose();
    this.#run = run;
    this.#following = this.#follow(run);
  }

  /** Makes the page again, with the settings as they are now. */
  reload(): void {
    this.replaceRun(this.#run);
  }

  select(selected: NodeOfModel): void {
    if (this.#isReady) this.#host.emit('select', selected);
    else this.#selected = selected;
  }

  dispose(): void {
    this.#host.dispose();
    this.#following.dispose();
    for (const disposable of this.#disposables.splice(0)) disposable.dispose();
    this.#panel.dispose();
  }

  #follow(run: Run): vscode.Disposable {
    const { webview } = this.#panel;
    const title = vscode.l10n.t('{0} — Espalier', run.name);
    this.#panel.title = title;
    this.#isReady = false;
    webview.html = pageHtml(webview, this.#folder, title, {
      recipe: run.recipe.toString(),
      strings: pageStrings(),
      treeLook: readSettings().treeLook,
    });
    return vscode.Disposable.from(
      run.onDidAppend((events) => this.#host.emit('appended', { events })),
      run.onDidChangeStatus(() => this.#host.emit('status', run.status)),
    );
  }

  async #contents(): Promise<PanelContents> {
    const targets = await this.#services.targetsOf(this.#run.recipe);
    const run = this.#run;
    // Events sent from here on follow this answer, and do not repeat what it contains.
    run.flush();
    const selected = this.#selected;
    this.#selected = undefined;
    this.#isReady = true;
    return { title: run.name, events: run.events, status: run.status, targets, earlier: this.#services.earlierTimes?.(run), selected };
  }
}

const commandOf = {
  cancel: 'espalier.cancel',
  resume: 'espalier.resume',
  'run-again': 'espalier.runAgain',
  'run-failed-again': 'espalier.runFailedAgain',
  'show-in-recipe': 'espalier.showInRecipe',
  'open-recipe': 'espalier.openRecipe',
  'export-report': 'espalier.exportReport',
  'open-tflite': 'espalier.openTflite',
  'save-tflite': 'espalier.saveTflite',
  'export-for': 'espalier.exportFor',
  'copy-tflite-path': 'espalier.copyPath',
  'reveal-tflite': 'espalier.revealTflite',
  'show-log': 'espalier.showLog',
} as const;

/** The panels of the window: one for each run that was opened. */
export class ResultPanels implements vscode.Disposable {
  readonly #services: PanelServices;
  readonly #panels = new Set<ResultPanel>();

  readonly #settings = vscode.workspace.onDidChangeConfiguration((change) => {
    if (change.affectsConfiguration('espalier.treeLook')) for (const panel of this.#panels) panel.reload();
  });

  constructor(services: PanelServices) {
    this.#services = services;
  }

  show(run: Run, selected?: NodeOfModel): ResultPanel {
    const shown = this.#showing(run);
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
    if (selected !== undefined) panel.select(selected);
    return panel;
  }

  /** A run that begins takes the place of an earlier one of its recipe, so that tabs don't pile up. */
  showStarted(run: Run): ResultPanel {
    const earlier = [...this.#panels].find((panel) => panel.run.recipe.toString() === run.recipe.toString() && !panel.run.active);
    if (this.#showing(run) !== undefined || earlier === undefined) return this.show(run);
    earlier.replaceRun(run);
    earlier.reveal();
    return earlier;
  }

  /** Also adopts a panel that the window restored. */
  adopt(webviewPanel: vscode.WebviewPanel, run: Run): ResultPanel {
    const panel = new ResultPanel(webviewPanel, run, this.#services);
    this.#panels.add(panel);
    panel.onDidDispose(() => this.#panels.delete(panel));
    return panel;
  }

  /** The run of the panel that has the focus of the editor area. */
  active(): Run | undefined {
    return [...this.#panels].find((panel) => panel.active)?.run;
  }

  dispose(): void {
    this.#settings.dispose();
    for (const panel of this.#panels) panel.dispose();
    this.#panels.clear();
  }

  #showing(run: Run): ResultPanel | undefined {
    return [...this.#panels].find((panel) => panel.run === run);
  }
}
