import path from 'node:path';
import * as vscode from 'vscode';
import { MessageHandler } from '../../shared/message-handler.ts';
import type { SensitivityReport } from '../../shared/sensitivity.ts';
import type { SensitivityHost, SensitivityPage } from '../../shared/sensitivity-protocol.ts';
import { chooseData } from '../commands/choose-data.ts';
import { chooseInputShape } from '../commands/choose-input-shape.ts';
import { chooseModel } from '../commands/command-targets.ts';
import { registerCommand, requireTrust, withProgress } from '../commands/register-command.ts';
import { pageHtml, pageStrings } from '../panel/page.ts';
import { askInTurn } from '../questions/ask-in-turn.ts';
import type { Services } from '../services.ts';
import { isTflite, modelLabel, modelPath } from '../workspace/model-files.ts';

/** From a model and its data to a page that says which layer hurts. */
export function registerSensitivity(context: vscode.ExtensionContext, services: Services): void {
  registerCommand(context, services, 'espalier.sensitivity', async (argument) => {
    await requireTrust();
    const { model, data, inputShape } = await askInTurn(async (ask) => {
      const chosen = await chooseModel(argument, services, { accepts: (candidate) => !isTflite(candidate), ask, stepsAfter: 1 });
      const title = vscode.l10n.t('Layers of {0}', modelLabel(chosen));
      const shape = await chooseInputShape(ask, services, chosen, { title, stepsAfter: 1 });
      return { model: chosen, inputShape: shape, data: await chooseData(ask, services, chosen, { title }) };
    });
    const report = await withProgress(vscode.l10n.t('Measuring the layers of {0}', modelLabel(model)), (options) =>
      services.worker.connection.request('sensitivity', { model: modelPath(model), data, inputShape }, options),
    );
    show(context, modelLabel(model), { ...report, model: modelLabel(model) });
  });
}

function show(context: vscode.ExtensionContext, name: string, report: SensitivityReport): void {
  const folder = vscode.Uri.joinPath(context.extensionUri, 'dist', 'webview');
  const panel = vscode.window.createWebviewPanel(
    'espalier.sensitivity',
    vscode.l10n.t('Layers of {0}', path.basename(name)),
    vscode.ViewColumn.Active,
    { enableScripts: true, enableFindWidget: true, localResourceRoots: [folder] },
  );
  const host = new MessageHandler<SensitivityHost, SensitivityPage>((message) => void panel.webview.postMessage(message), {
    ready: () => Promise.resolve(report),
    copy: async ({ text }) => {
      await vscode.env.clipboard.writeText(text);
      return null;
    },
  });
  const received = panel.webview.onDidReceiveMessage((message) => host.receive(message));
  panel.onDidDispose(() => {
    received.dispose();
    host.dispose();
  });
  panel.webview.html = pageHtml(panel.webview, folder, name, { recipe: '', strings: pageStrings(), treeLook: 'status' }, 'sensitivity');
}
