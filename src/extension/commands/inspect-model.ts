import * as vscode from 'vscode';
import type { ModelInspection } from '../../shared/inspection.ts';
import { askInTurn } from '../questions/ask-in-turn.ts';
import type { Services } from '../services.ts';
import { showInspection } from '../tflite/tflite-editor.ts';
import { isTflite, modelLabel, modelPath } from '../workspace/model-files.ts';
import { chooseInputShape } from './choose-input-shape.ts';
import { chooseModel } from './command-targets.ts';
import { registerCommand } from './register-command.ts';

/** Reads a model of any format and shows what is in it; works in an untrusted workspace too. */
export function registerInspectModel(context: vscode.ExtensionContext, services: Services): void {
  registerCommand(context, services, 'espalier.inspectModel', async (argument) => {
    const model = await chooseModel(argument, services);
    showInspection([await inspect(model, services)]);
  });
  registerCommand(context, services, 'espalier.compareModels', async (argument, selection) => {
    const selected = Array.isArray(selection) ? selection.filter((uri) => uri instanceof vscode.Uri) : [];
    const first = selected[0] ?? (await chooseModel(argument, services));
    const second = selected[1] ?? (await chooseModel(undefined, services, { accepts: (model) => model.toString() !== first.toString() }));
    // One after the other, since each may ask for a size.
    showInspection([await inspect(first, services), await inspect(second, services)]);
  });
}

async function inspect(model: vscode.Uri, services: Services): Promise<ModelInspection> {
  const title = vscode.l10n.t('Inspect {0}', modelLabel(model));
  const inputShape = isTflite(model)
    ? undefined
    : await askInTurn((ask) => chooseInputShape(ask, services, model, { title, stepsAfter: 0 }));
  return services.worker.connection.request('inspect', { path: modelPath(model), inputShape });
}
