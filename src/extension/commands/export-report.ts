import path from 'node:path';
import * as vscode from 'vscode';
import type { ReportFormat } from '../../shared/protocol.ts';
import type { Services } from '../services.ts';
import { chooseRun } from './command-targets.ts';
import { registerCommand } from './register-command.ts';

const endings: Readonly<Record<ReportFormat, string>> = { html: 'html', markdown: 'md', csv: 'csv', json: 'json' };

export function registerExportReport(context: vscode.ExtensionContext, services: Services): void {
  registerCommand(context, services, 'espalier.exportReport', async (argument) => {
    const run = await chooseRun(
      argument,
      services,
      (candidate) => candidate.folder !== undefined && !candidate.active,
      vscode.l10n.t('There is no finished run to report on.'),
    );
    const formats: readonly (vscode.QuickPickItem & { readonly format: ReportFormat })[] = [
      { label: 'HTML', description: vscode.l10n.t('one file with everything, opens in a browser'), format: 'html' },
      { label: 'Markdown', description: vscode.l10n.t('the table, for a README or a pull request'), format: 'markdown' },
      { label: 'CSV', description: vscode.l10n.t('for spreadsheets'), format: 'csv' },
      { label: 'JSON', description: vscode.l10n.t('for programs'), format: 'json' },
    ];
    const chosen = await vscode.window.showQuickPick(formats, { placeHolder: vscode.l10n.t('Report format') });
    if (chosen === undefined) return;
    const proposal = path.join(path.dirname(run.recipe.fsPath), `${run.name}-report.${endings[chosen.format]}`);
    const output = await vscode.window.showSaveDialog({ defaultUri: vscode.Uri.file(proposal) });
    if (output === undefined) return;
    const { path: written } = await services.worker.connection.request('report', {
      runFolder: run.folder ?? '',
      format: chosen.format,
      output: output.fsPath,
    });
    const open = vscode.l10n.t('Open');
    if ((await vscode.window.showInformationMessage(vscode.l10n.t('Wrote {0}', written), open)) !== open) return;
    if (chosen.format === 'html') await vscode.env.openExternal(vscode.Uri.file(written));
    else await vscode.window.showTextDocument(vscode.Uri.file(written));
  });
}
