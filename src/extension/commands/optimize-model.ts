import path from 'node:path';
import * as vscode from 'vscode';
import type { RecipePreset, RunQuestion, WriteRecipe } from '../../shared/protocol.ts';
import { defaultSearchMinutes } from '../../shared/recipe/defaults.ts';
import type { InputShape } from '../../shared/recipe/input-shape.ts';
import type { ParetoSearch, Targets } from '../../shared/recipe/targets.ts';
import { bytesOfKilobytes } from '../../shared/search-budget.ts';
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

/** How far the run goes: through the tree, or from a budget to a file. */
type Extent = RecipePreset | 'budget';
type Goal = Pick<WriteRecipe, 'preset' | 'targets' | 'search'>;

interface Choices {
  readonly model: vscode.Uri;
  readonly inputShape: InputShape | undefined;
  readonly data: object | string;
  readonly goal: Goal;
}

/** Step by step from a model to a recipe that runs: model, data, how much of the tree, targets. */
export function registerOptimizeModel(context: vscode.ExtensionContext, services: Services): void {
  // Of a flow that was left, or whose recipe could not be written: proposed when it is begun again.
  const answers = new Map<string, string>();
  registerCommand(context, services, 'espalier.optimizeModel', async (argument) => {
    await requireTrust();
    const { model, inputShape, data, goal } = await askInTurn((ask) => choose(ask, argument, services), answers);
    const output = await freeRecipeName(path.join(recipeFolder(model), `${modelLabel(model).replace(/\.[^.]+$/, '')}.espalier.json`));
    const { path: written } = await services.worker.connection.request('writeRecipe', {
      model: modelPath(model),
      data: typeof data === 'string' ? data : relativePaths(data, path.dirname(output)),
      ...goal,
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
  const extent = await chooseExtent(ask, title, { model: modelPath(model), data, inputShape }, services);
  const goal =
    extent === 'budget'
      ? { search: await chooseBudget(ask, title) }
      : { preset: extent, targets: await chooseTargets(ask, title, extent === 'until-targets') };
  return { model, inputShape, data, goal };
}

async function chooseExtent(ask: Ask, title: string, question: RunQuestion, services: Services): Promise<Extent> {
  const items: readonly (vscode.QuickPickItem & { readonly extent: Extent })[] = [
    {
      label: vscode.l10n.t('Until the targets are met'),
      description: vscode.l10n.t('goes deeper only where it is needed'),
      extent: 'until-targets',
    },
    { label: vscode.l10n.t('The whole tree'), description: vscode.l10n.t('every technique and combination'), extent: 'full' },
    { label: vscode.l10n.t('Quick look'), description: vscode.l10n.t('the whole tree with little training'), extent: 'quick' },
    {
      label: vscode.l10n.t('Within a budget'),
      description: vscode.l10n.t('the best file of a size, layer by layer, in the minutes that you give'),
      extent: 'budget',
    },
  ];
  const chosen = await ask(
    pickOne({
      title,
      prompt: vscode.l10n.t('How much of the deployment tree?'),
      items,
      stepsAfter: 2,
      findOut: async (describe, signal) => {
        const { seconds } = await services.worker.connection.request('estimateRun', question, { signal });
        for (const [index, { extent, description }] of items.entries()) {
          if (extent === 'budget') continue;
          const time = roughTime(seconds[extent]);
          const estimate = extent === 'until-targets' ? vscode.l10n.t('at most about {0}', time) : vscode.l10n.t('about {0}', time);
          describe(index, `${estimate} · ${description ?? ''}`);
        }
        // Time alone does not make one of them better.
        return undefined;
      },
    }),
  );
  return chosen.extent;
}

/** As exact as an estimate is. */
function roughTime(seconds: number): string {
  if (seconds < 90) return `${Math.max(10, Math.round(seconds / 10) * 10)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** As the command line asks: a size, memory, what may be lost, and time. */
async function chooseBudget(ask: Ask, title: string): Promise<ParetoSearch> {
  const size = await askBytes(ask, {
    required: vscode.l10n.t('A search needs a size to look for.'),
    title,
    prompt: vscode.l10n.t('Budget: largest compressed size in kB'),
    value: '',
    stepsAfter: 3,
  });
  const ram = await askBytes(ask, {
    title,
    prompt: vscode.l10n.t('Budget: most RAM in kB, for TFLite Micro (empty for any)'),
    value: '',
    stepsAfter: 2,
  });
  const drop = await askNumber(ask, {
    title,
    prompt: vscode.l10n.t('Budget: most accuracy that may be lost, in percentage points (empty for any)'),
    value: '1',
    stepsAfter: 1,
    isAllowed: (value) => value >= 0 && value <= 100,
  });
  const minutes = await askNumber(ask, {
    required: vscode.l10n.t('A search needs time: {0} minutes are a start.', defaultSearchMinutes),
    title,
    prompt: vscode.l10n.t('Budget: minutes of training on this machine'),
    value: String(defaultSearchMinutes),
    isAllowed: (value) => value > 0,
  });
  return {
    kind: 'pareto',
    minutes: minutes ?? defaultSearchMinutes,
    budgets: [
      {
        ...(size === undefined ? {} : { compressedBytes: size }),
        ...(ram === undefined ? {} : { ramBytes: ram }),
        ...(drop === undefined ? {} : { accuracyDrop: drop / 100 }),
      },
    ],
  };
}

/** Asks for kB. Less than a byte would be refused with the recipe, after all other answers. */
async function askBytes(ask: Ask, question: Omit<NumberQuestion, 'isAllowed'>): Promise<number | undefined> {
  const kilobytes = await askNumber(ask, { ...question, isAllowed: (value) => bytesOfKilobytes(value) !== undefined });
  return kilobytes === undefined ? undefined : bytesOfKilobytes(kilobytes);
}

/** @param required whether there must be at least one */
async function chooseTargets(ask: Ask, title: string, required: boolean): Promise<Targets> {
  const drop = await askNumber(ask, {
    title,
    prompt: vscode.l10n.t('Most accuracy that may be lost, in percentage points (empty for none)'),
    value: required ? '1' : '',
    stepsAfter: 1,
    isAllowed: (value) => value >= 0 && value <= 100,
  });
  const size = await askBytes(ask, {
    required:
      required && drop === undefined
        ? vscode.l10n.t('A run until the targets are met needs a target: a size here, or an accuracy one step back.')
        : undefined,
    title,
    prompt: vscode.l10n.t('Largest compressed size in kB (empty for none)'),
    value: '',
  });
  return {
    ...(drop === undefined ? {} : { accuracyDrop: drop / 100 }),
    ...(size === undefined ? {} : { compressedBytes: size }),
  };
}

interface NumberQuestion extends Omit<TextEntry, 'validate'> {
  /** Why an empty entry is refused, where it is made: later it would cost all answers. */
  readonly required?: string | undefined;
  readonly isAllowed: (value: number) => boolean;
}

/** Undefined for an empty entry. */
async function askNumber(ask: Ask, { required, isAllowed, ...question }: NumberQuestion): Promise<number | undefined> {
  const text = await ask(
    enterText({
      ...question,
      validate: (entry) => {
        if (entry.trim() === '') return required;
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
