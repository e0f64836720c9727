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
function panelWithPage(): { readonly panel: vscode.WebviewPanel; readonly page: MessageHandler<PanelPage, PanelHost> } {
  const received = new vscode.EventEmitter<Message>();
  const page = new MessageHandler<PanelPage, PanelHost>((message) => received.fire(message), {});
  const none = new vscode.EventEmitter<never>();
  const panel: vscode.WebviewPanel = {
    viewType: 'test',
    title: '',
    options: {},
    viewColumn: undefined,
    active: true,
    visible: true,
    onDidChangeViewState: none.event,
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
  return { panel, page };
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
});
