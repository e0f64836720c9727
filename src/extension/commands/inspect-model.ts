import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { showInspection } from '../tflite/tflite-editor.ts';
import { modelPath } from '../workspace/model-files.ts';
import { chooseModel } from './command-targets.ts';
import { registerCommand } from './register-command.ts';

/** Reads a model of any format and shows what is in it; works in an untrusted workspace too. */
export function registerInspectModel(context: vscode.ExtensionContext, services: Services): void {
  registerCommand(context, services, 'espalier.inspectModel', async (argument) => {
    const model = await chooseModel(argument, services);
    const inspection = await services.worker.connection.request('inspect', { path: modelPath(model) });
    showInspection([inspection]);
  });
  registerCommand(context, services, 'espalier.compareModels', async (argument, selection) => {
    const selected = Array.isArray(selection) ? selection.filter((uri) => uri instanceof vscode.Uri) : [];
    const first = selected[0] ?? (await chooseModel(argument, services));
    const second = selected[1] ?? (await chooseModel(undefined, services, { accepts: (model) => model.toString() !== first.toString() }));
    showInspection(
      await Promise.all([first, second].map((model) => services.worker.connection.request('inspect', { path: modelPath(model) }))),
    );
  });
}
