import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { ResultPanel } from '../../../src/extension/panel/result-panel.ts';
import { Run } from '../../../src/extension/runs/run.ts';
import type { RunEvent } from '../../../src/shared/events.ts';
import { MessageHandler } from '../../../src/shared/message-handler.ts';
import type { Message } from '../../../src/shared/message-handler.ts';
import type { PanelHost, PanelPage, PanelStatus } from '../../../src/shared/panel-protocol.ts';
import type { Targets } from '../../../src/shared/recipe/targets.ts';
import { exampleRun } from '../../support/example-run.ts';
import { exampleRecipe } from './support.ts';

/** A panel whose page is on this side: what it is told, and what it answers. */
function panelWithPage(): {
  readonly panel: vscode.WebviewPanel;
  readonly page: MessageHandler<PanelPage, PanelHost>;
  setVisible(visible: boolean): void;
} {
  const viewState = new vscode.EventEmitter<vscode.WebviewPanelOnDidChangeViewStateEvent>();
  let visible = true;
  const received = new vscode.EventEmitter<Message>();
  const page = new MessageHandler<PanelPage, PanelHost>((message) => received.fire(message), {});
  const none = new vscode.EventEmitter<never>();
  const panel: vscode.WebviewPanel = {
    viewType: 'test',
    title: '',
    options: {},
    viewColumn: undefined,
    active: true,
    get visible() {
      return visible;
    },
    onDidChangeViewState: viewState.event,
    onDidDispose: none.event,
    reveal: () => undefined,
    dispose: () => undefined,
    webview: {
      options: {},
      html: '',
      cspSource: '',
      asWebviewUri: (uri) => uri,
      onDidReceiveMessage: received.event,
      postMessage: (message: Message) => {
        page.receive(message);
        return Promise.resolve(true);
      },
    },
  };
  return {
    panel,
    page,
    setVisible(changed) {
      visible = changed;
      viewState.fire({ webviewPanel: panel });
    },
  };
}

describe('the result panel', () => {
  it('tells a page that comes up in the middle of a run every event once, and how the run ended', async () => {
    const events = exampleRun();
    const [before, between, after] = [events.slice(0, 20), events.slice(20, -1), events.slice(-1)];
    const run = new Run(exampleRecipe(), 'running');
    for (const event of before) run.append(event);
    const { panel, page } = panelWithPage();
    let answerTargets: (targets: Targets) => void = () => undefined;
    const targets = new Promise<Targets>((resolve) => (answerTargets = resolve));
    const shown = new ResultPanel(panel, run, { extensionUri: exampleRecipe(), targetsOf: () => targets });

    // As the page does: the answer replaces all that came before it.
    let known: readonly RunEvent[] = [];
    let status: PanelStatus | undefined;
    page.on('appended', (appended) => (known = [...known, ...appended.events]));
    page.on('status', (changed) => (status = changed));
    const ready = page.request('ready', {}).then((contents) => {
      known = contents.events;
      ({ status } = contents);
    });
    for (const event of between) run.append(event);
    answerTargets({});
    await ready;
    for (const event of after) run.append(event);
    run.become('ended');

    assert.equal(status?.activity, 'ended');
    const sequences = known.map(({ sequence }) => sequence);
    assert.equal(new Set(sequences).size, sequences.length, 'an event was told twice');
    const finished = (list: readonly RunEvent[]): readonly number[] =>
      list.filter(({ type }) => type === 'node-finished' || type === 'run-finished').map(({ sequence }) => sequence);
    assert.deepEqual(finished(known), finished(events));
    shown.dispose();
    run.dispose();
  });

  it('says that it is loading, and has nothing to press, until the page knows the run', () => {
    const { panel } = panelWithPage();
    const run = new Run(exampleRecipe(), 'ended');
    const shown = new ResultPanel(panel, run, { extensionUri: exampleRecipe(), targetsOf: () => Promise.resolve({}) });
    assert.match(panel.webview.html, /<p id="loading" role="status">Loading/);
    assert.doesNotMatch(panel.webview.html, /button/);
    shown.dispose();
    run.dispose();
  });

  it('selects the node that was asked for before its page was there, while it is there, and after it was hidden', async () => {
    const { panel, page, setVisible } = panelWithPage();
    const run = new Run(exampleRecipe(), 'ended');
    const shown = new ResultPanel(panel, run, { extensionUri: exampleRecipe(), targetsOf: () => Promise.resolve({}) });
    const heard: object[] = [];
    page.on('select', (selected) => heard.push(selected));
    const [pqat, cqat, ptq] = ['pruned/pqat', 'clustered/cqat', 'ptq'].map((node) => ({ model: 'mnist', node }));
    assert.ok(pqat && cqat && ptq);

    shown.select(pqat);
    assert.deepEqual((await page.request('ready', {})).selected, pqat);
    shown.select(cqat);
    assert.deepEqual(heard, [cqat]);
    setVisible(false);
    shown.select(ptq);
    setVisible(true);
    assert.deepEqual(heard, [cqat], 'a page that is not there was told');
    assert.deepEqual((await page.request('ready', {})).selected, ptq);
    assert.equal((await page.request('ready', {})).selected, undefined);
    shown.dispose();
    run.dispose();
  });

  it('shows the next run of its recipe in the same tab, with nothing of the one before', async () => {
    const { panel, page } = panelWithPage();
    const [first, second] = [new Run(exampleRecipe(), 'ended'), new Run(exampleRecipe(), 'running')];
    const shown = new ResultPanel(panel, first, { extensionUri: exampleRecipe(), targetsOf: () => Promise.resolve({}) });
    let appended = 0;
    page.on('appended', ({ events }) => (appended += events.length));
    for (const event of exampleRun()) first.append(event);
    first.flush();
    const before = appended;
    assert.ok(before > 0);
    const html = panel.webview.html;
    shown.replaceRun(second);
    assert.notEqual(panel.webview.html, html, 'the page was made again');
    assert.deepEqual((await page.request('ready', {})).events, []);
    first.append({ ...exampleRun()[1], sequence: 9_999 } as RunEvent);
    first.flush();
    assert.equal(appended, before, 'an event of the earlier run was sent');
    for (const event of exampleRun().slice(0, 5)) second.append(event);
    second.flush();
    assert.equal(appended, before + 5);
    for (const made of [shown, first, second]) made.dispose();
  });
});
