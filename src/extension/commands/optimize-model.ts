import path from 'node:path';
import * as vscode from 'vscode';
import type { RecipePreset, RunQuestion, WriteRecipe } from '../../shared/protocol.ts';
import type { InputShape } from '../../shared/recipe/input-shape.ts';
import { askInTurn, type Ask } from '../questions/ask-in-turn.ts';
import { enterText, pickOne, type TextEntry } from '../questions/quick-inputs.ts';
import type { Services } from '../services.ts';
import { isTflite, modelLabel, modelPath } from '../workspace/model-files.ts';
import { relativePaths } from '../workspace/data-blocks.ts';
import { chooseData } from './choose-data.ts';
import { chooseInputShape } from './choose-input-shape.ts';
import { chooseModel } from './command-targets.ts';
import { registerCommand, requireTrust } from './register-command.ts';
import { startRun } from './run-recipe.ts';

type Preset = RecipePreset;
type Targets = NonNullable<WriteRecipe['targets']>;

interface Choices {
  readonly model: vscode.Uri;
  readonly inputShape: InputShape | undefined;
  readonly data: object | string;
  readonly preset: Preset;
  readonly targets: Targets;
}

/** Step by step from a model to a recipe that runs: model, data, how much of the tree, targets. */
export function registerOptimizeModel(context: vscode.ExtensionContext, services: Services): void {
  // Of a flow that was left, or whose recipe could not be written: proposed when it is begun again.
  const answers = new Map<string, string>();
  registerCommand(context, services, 'espalier.optimizeModel', async (argument) => {
    await requireTrust();
    const { model, inputShape, data, preset, targets } = await askInTurn((ask) => choose(ask, argument, services), answers);
    const output = await freeRecipeName(path.join(recipeFolder(model), `${modelLabel(model).replace(/\.[^.]+$/, '')}.espalier.json`));
    const { path: written } = await services.worker.connection.request('writeRecipe', {
      model: modelPath(model),
      data: typeof data === 'string' ? data : relativePaths(data, path.dirname(output)),
      preset,
      targets,
      inputShape,
      output,
    });
    const recipe = vscode.Uri.file(written);
    await vscode.window.showTextDocument(recipe, { preview: false });
    startRun(context, services, recipe);
    answers.clear();
  });
}

async function choose(ask: Ask, argument: unknown, services: Services): Promise<Choices> {
  const model = await chooseModel(argument, services, { accepts: (candidate) => !isTflite(candidate), ask, stepsAfter: 4 });
  const title = vscode.l10n.t('Optimize {0}', modelLabel(model));
  const inputShape = await chooseInputShape(ask, services, model, { title, stepsAfter: 4 });
  const data = await chooseData(ask, services, model, { title, stepsAfter: 3 });
  const preset = await choosePreset(ask, title, { model: modelPath(model), data, inputShape }, services);
  const targets = await chooseTargets(ask, title, preset === 'until-targets');
  return { model, inputShape, data, preset, targets };
}

async function choosePreset(ask: Ask, title: string, question: RunQuestion, services: Services): Promise<Preset> {
  const items: readonly (vscode.QuickPickItem & { readonly preset: Preset })[] = [
    {
      label: vscode.l10n.t('Until the targets are met'),
      description: vscode.l10n.t('goes deeper only where it is needed'),
      preset: 'until-targets',
    },
    { label: vscode.l10n.t('The whole tree'), description: vscode.l10n.t('every technique and combination'), preset: 'full' },
    { label: vscode.l10n.t('Quick look'), description: vscode.l10n.t('the whole tree with little training'), preset: 'quick' },
  ];
  const chosen = await ask(
    pickOne({
      title,
      prompt: vscode.l10n.t('How much of the deployment tree?'),
      items,
      stepsAfter: 2,
      findOut: async (describe, signal) => {
        const { seconds } = await services.worker.connection.request('estimateRun', question, { signal });
        for (const [index, { preset, description }] of items.entries()) {
          const time = roughTime(seconds[preset]);
          const estimate = preset === 'until-targets' ? vscode.l10n.t('at most about {0}', time) : vscode.l10n.t('about {0}', time);
          describe(index, `${estimate} · ${description ?? ''}`);
        }
        // Time alone does not make one of them better.
        return undefined;
      },
    }),
  );
  return chosen.preset;
}

/** As exact as an estimate is. */
function roughTime(seconds: number): string {
  if (seconds < 90) return `${Math.max(10, Math.round(seconds / 10) * 10)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** @param required whether there must be at least one */
async function chooseTargets(ask: Ask, title: string, required: boolean): Promise<Targets> {
  const drop = await askNumber(ask, {
    isRequired: false,
    title,
    prompt: vscode.l10n.t('Most accuracy that may be lost, in percentage points (empty for none)'),
    value: required ? '1' : '',
    stepsAfter: 1,
    isAllowed: (value) => value >= 0 && value <= 100,
  });
  const kilobytes = await askNumber(ask, {
    isRequired: required && drop === undefined,
    title,
    prompt: vscode.l10n.t('Largest compressed size in kB (empty for none)'),
    value: '',
    isAllowed: (value) => value > 0,
  });
  return {
    ...(drop === undefined ? {} : { accuracyDrop: drop / 100 }),
    ...(kilobytes === undefined ? {} : { compressedBytes: Math.round(kilobytes * 1000) }),
  };
}

interface NumberQuestion extends Omit<TextEntry, 'validate'> {
  /** An empty entry is refused where it is made: later it would cost all answers. */
  readonly isRequired: boolean;
  readonly isAllowed: (value: number) => boolean;
}

/** Undefined for an empty entry. */
async function askNumber(ask: Ask, { isRequired, isAllowed, ...question }: NumberQuestion): Promise<number | undefined> {
  const text = await ask(
    enterText({
      ...question,
      validate: (entry) => {
        if (entry.trim() === '')
          return isRequired
            ? vscode.l10n.t('A run until the targets are met needs a target: a size here, or an accuracy one step back.')
            : undefined;
        return Number.isFinite(Number(entry)) && isAllowed(Number(entry))
          ? undefined
          : vscode.l10n.t('A number is wanted, such as 1 or 0.5.');
      },
    }),
  );
  return text.trim() === '' ? undefined : Number(text);
}

/** Beside the model; where the model is a folder of files, beside that folder if that is still in the workspace. */
function recipeFolder(model: vscode.Uri): string {
  const folder = path.dirname(modelPath(model));
  if (path.basename(model.path) !== 'model.json') return folder;
  const above = path.dirname(folder);
  return vscode.workspace.getWorkspaceFolder(vscode.Uri.file(path.join(above, 'recipe'))) === undefined ? folder : above;
}

/** Never over a recipe that is there. */
async function freeRecipeName(proposal: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? proposal : proposal.replace('.espalier.json', `-${number}.espalier.json`);
    const taken = await vscode.workspace.fs.stat(vscode.Uri.file(name)).then(
      () => true,
      () => false,
    );
    if (!taken) return name;
  }
}
