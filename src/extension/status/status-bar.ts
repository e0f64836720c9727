import * as vscode from 'vscode';
import { describeStatus, statusOf } from '../../shared/drawing/node-status.ts';
import { nodeTitle } from '../../shared/drawing/technique-names.ts';
import { translate } from '../translate.ts';
import type { Run } from '../runs/run.ts';
import type { Runs } from '../runs/runs.ts';

/** The runs in progress: node and progress of each. A click opens the results of the first. */
export function registerStatusBar(runs: Runs): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('espalier.run', vscode.StatusBarAlignment.Left, 0);
  item.name = vscode.l10n.t('Espalier Run');
  const update = (): void => {
    const goingOn = runs.goingOn();
    const [run] = goingOn;
    if (run === undefined) {
      item.hide();
      return;
    }
    const text = goingOn.map(describe).join('  ·  ');
    item.text = `$(loading~spin) ${text}`;
    item.tooltip = vscode.l10n.t('{0}: click to open the results', run.name);
    item.command = { command: 'espalier.openResults', title: '', arguments: [{ run }] };
    item.accessibilityInformation = { label: vscode.l10n.t('Espalier: {0}', text) };
    item.show();
  };
  return vscode.Disposable.from(item, runs.onDidChange(update));
}

function describe(run: Run): string {
  const nodes = run.state.models.flatMap((model) => [...model.nodes.values()]);
  const running = nodes.find((node) => node.state.kind === 'running');
  const done = nodes.filter((node) => node.state.kind === 'done').length;
  if (running?.state.kind !== 'running') return vscode.l10n.t('{0}: {1}/{2} nodes', run.name, done, nodes.length);
  return vscode.l10n.t(
    '{0}: {1}, {2} ({3}/{4})',
    run.name,
    nodeTitle(running.node.title, translate),
    // In the words of the panel: what follows the training has no percentage.
    describeStatus(statusOf(running), translate),
    done,
    nodes.length,
  );
}
