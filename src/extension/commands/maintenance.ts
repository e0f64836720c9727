import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { formatBytes } from '../../shared/drawing/format.ts';
import type { Services } from '../services.ts';
import { registerCommand, UserError } from './register-command.ts';

interface Check {
  readonly name: string;
  readonly found: string;
  readonly passed: boolean;
}

export function registerMaintenance(context: vscode.ExtensionContext, services: Services): void {
  registerCommand(context, services, 'espalier.checkInstallation', async () => {
    const checks = await checkInstallation(context, services);
    services.log.info(`installation:\n${checks.map(({ name, found, passed }) => `  ${passed ? '✓' : '✗'} ${name}: ${found}`).join('\n')}`);
    const failed = checks.filter((check) => !check.passed);
    const show = vscode.l10n.t('Show Log');
    const answer =
      failed.length === 0
        ? await vscode.window.showInformationMessage(
            vscode.l10n.t('Espalier is ready: {0}', checks.map(({ found }) => found).join(' · ')),
            show,
          )
        : await vscode.window.showErrorMessage(
            vscode.l10n.t('Espalier cannot work: {0}', failed.map(({ name, found }) => `${name}: ${found}`).join('; ')),
            show,
          );
    if (answer === show) services.log.show();
    return checks;
  });
  registerCommand(context, services, 'espalier.clearCache', async () => {
    const folders = new Set((await services.recipes.files()).map((recipe) => path.dirname(recipe.fsPath)));
    if (folders.size === 0) throw new UserError(vscode.l10n.t('There is no recipe in this workspace, so there is no cache.'));
    const clear = vscode.l10n.t('Clear Cache');
    if (
      (await vscode.window.showWarningMessage(
        vscode.l10n.t('Clear the cache of finished stages? Runs are kept, but the same work will be done again.'),
        { modal: true },
        clear,
      )) !== clear
    )
      return;
    let bytes = 0;
    for (const folder of folders) bytes += (await services.worker.connection.request('clean', { folder, cache: true })).bytes;
    void vscode.window.showInformationMessage(vscode.l10n.t('{0} were freed.', formatBytes(bytes)));
  });
}

async function checkInstallation(context: vscode.ExtensionContext, services: Services): Promise<readonly Check[]> {
  const worker = await services.worker.connection.request('ping', {}).then(
    ({ espalier, node }): Check => ({
      name: vscode.l10n.t('optimizer process'),
      found: `Espalier ${espalier}, Node ${node}`,
      passed: true,
    }),
    (error: unknown): Check => ({ name: vscode.l10n.t('optimizer process'), found: String(error), passed: false }),
  );
  // Found as the worker finds them: in the package beside it, or in the project that it was built in.
  const installed = createRequire(vscode.Uri.joinPath(context.extensionUri, 'dist', 'worker.cjs').fsPath);
  return [
    worker,
    present('onnxruntime', () =>
      installed.resolve(`onnxruntime-node/bin/napi-v6/${process.platform}/${process.arch}/onnxruntime_binding.node`),
    ),
    present('LiteRT', () => installed.resolve('@litertjs/core')),
    { name: vscode.l10n.t('machine'), found: `${os.cpus().length} × ${process.arch}, ${formatBytes(os.totalmem())}`, passed: true },
  ];
}

function present(name: string, find: () => unknown): Check {
  try {
    find();
    return { name, found: name, passed: true };
  } catch {
    return {
      name,
      found: vscode.l10n.t('missing; install the extension’s package for {0}-{1}', process.platform, process.arch),
      passed: false,
    };
  }
}
