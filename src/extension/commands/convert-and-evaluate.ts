import * as vscode from 'vscode';
import { formatBytes, formatPercent, formatSeconds } from '../../shared/drawing/format.ts';
import type { ConversionMode } from '../../shared/protocol.ts';
import type { InputShape } from '../../shared/recipe/input-shape.ts';
import { askInTurn, type Ask } from '../questions/ask-in-turn.ts';
import { pickOne } from '../questions/quick-inputs.ts';
import type { Services } from '../services.ts';
import { tfliteEditorType } from '../tflite/tflite-editor.ts';
import { isTflite, modelLabel, modelPath } from '../workspace/model-files.ts';
import { chooseModel } from './command-targets.ts';
import { chooseData } from './choose-data.ts';
import { chooseInputShape } from './choose-input-shape.ts';
import { registerCommand, requireTrust, withProgress } from './register-command.ts';

export function registerConvertAndEvaluate(context: vscode.ExtensionContext, services: Services): void {
  registerCommand(context, services, 'espalier.convert', (argument) => convert(argument, services));
  registerCommand(context, services, 'espalier.evaluateModel', (argument) => evaluate(argument, services));
}

async function convert(argument: unknown, services: Services): Promise<void> {
  await requireTrust();
  const { model, inputShape, mode, data } = await askInTurn((ask) => chooseConversion(ask, argument, services));
  const name = modelPath(model).replace(/([\\/]model\.json|\.(keras|h5|hdf5|onnx))$/, '');
  const output = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.file(`${name}-${mode}.tflite`),
    filters: { TFLite: ['tflite'] },
  });
  if (output === undefined) return;
  const result = await withProgress(vscode.l10n.t('Converting {0}', vscode.workspace.asRelativePath(model)), (options) =>
    services.worker.connection.request('convert', { model: modelPath(model), output: output.fsPath, mode, data, inputShape }, options),
  );
  for (const warning of result.warnings) services.log.warn(warning);
  const open = vscode.l10n.t('Open');
  const message = vscode.l10n.t(
    'Wrote {0}: {1}, {2} compressed',
    vscode.workspace.asRelativePath(result.output),
    formatBytes(result.sizes.raw),
    formatBytes(result.sizes.gzip),
  );
  if ((await vscode.window.showInformationMessage(message, open)) === open)
    await vscode.commands.executeCommand('vscode.openWith', output, tfliteEditorType);
}

async function evaluate(argument: unknown, services: Services): Promise<void> {
  await requireTrust();
  const { model, data, inputShape } = await askInTurn(async (ask) => {
    const chosen = await chooseModel(argument, services, { ask, stepsAfter: 1 });
    const title = vscode.l10n.t('Evaluate {0}', modelLabel(chosen));
    const shape = isTflite(chosen) ? undefined : await chooseInputShape(ask, services, chosen, { title, stepsAfter: 1 });
    return { model: chosen, inputShape: shape, data: await chooseData(ask, services, chosen, { title }) };
  });
  const { accuracy, seconds, warnings } = await withProgress(
    vscode.l10n.t('Evaluating {0}', vscode.workspace.asRelativePath(model)),
    (options) => services.worker.connection.request('evaluate', { model: modelPath(model), data, inputShape }, options),
  );
  const figure =
    accuracy.top1 === undefined
      ? vscode.l10n.t('mean squared error {0}', accuracy.meanSquaredError ?? '–')
      : vscode.l10n.t('top-1 {0}', formatPercent(accuracy.top1));
  for (const warning of warnings) services.log.warn(warning);
  void vscode.window.showInformationMessage(
    vscode.l10n.t(
      '{0}: {1} of {2} examples in {3}, {4}',
      vscode.workspace.asRelativePath(model),
      figure,
      accuracy.samples,
      formatSeconds(seconds),
      accuracy.runtime,
    ),
  );
}

interface ChosenConversion {
  readonly model: vscode.Uri;
  readonly inputShape: InputShape | undefined;
  readonly mode: ConversionMode;
  /** Of the modes that are calibrated. */
  readonly data: object | string | undefined;
}

async function chooseConversion(ask: Ask, argument: unknown, services: Services): Promise<ChosenConversion> {
  const model = await chooseModel(argument, services, { accepts: (candidate) => !isTflite(candidate), ask, stepsAfter: 1 });
  const title = vscode.l10n.t('Convert {0}', modelLabel(model));
  const inputShape = await chooseInputShape(ask, services, model, { title, stepsAfter: 1 });
  const items: readonly (vscode.QuickPickItem & { readonly mode: ConversionMode; readonly calibrated: boolean })[] = [
    { label: 'float32', description: vscode.l10n.t('as trained'), mode: 'float', calibrated: false },
    { label: 'float16', description: vscode.l10n.t('half the size'), mode: 'float16', calibrated: false },
    {
      label: vscode.l10n.t('dynamic range'),
      description: vscode.l10n.t('int8 weights, float activations'),
      mode: 'dynamic',
      calibrated: false,
    },
    { label: 'int8', description: vscode.l10n.t('full integer, calibrated on data'), mode: 'int8', calibrated: true },
    {
      label: 'int16x8',
      description: vscode.l10n.t('int8 weights, int16 activations, calibrated on data'),
      mode: 'int16x8',
      calibrated: true,
    },
  ];
  const { mode, calibrated } = await ask(pickOne({ title, prompt: vscode.l10n.t('Convert to which .tflite?'), items }));
  return { model, inputShape, mode, data: calibrated ? await chooseData(ask, services, model, { title }) : undefined };
}
