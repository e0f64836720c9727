import path from 'node:path';
import * as vscode from 'vscode';
import { formatPercent } from '../../shared/drawing/format.ts';
import type { Ask } from '../questions/ask-in-turn.ts';
import { openDialog, pickOne } from '../questions/quick-inputs.ts';
import type { Services } from '../services.ts';
import { modelPath } from '../workspace/model-files.ts';
import { detectData } from '../workspace/detect-data.ts';
import { readDataBlocks } from '../workspace/data-blocks.ts';
import { UserError } from './register-command.ts';

/** Enough to tell a wrong range from the right one, few enough to be quick. */
const scoredExamples = 500;

interface DataItem extends vscode.QuickPickItem {
  readonly data?: object | string;
  readonly browse?: 'folder' | 'file';
  readonly isNone?: boolean;
}

interface DataQuestion {
  readonly title: string;
  /** Questions that come after those about the data. */
  readonly stepsAfter?: number;
}

/** Data that recipes of the workspace use, data files found beside the model, or files that the user picks. */
export async function chooseData(ask: Ask, services: Services, model: vscode.Uri, question: DataQuestion): Promise<object | string> {
  const data = await askForData(ask, services, model, question, []);
  if (data === undefined) throw new RangeError('no data were offered as an answer');
  return data;
}

/** As `chooseData`, for commands that can do without. */
export function chooseDataOrNone(
  ask: Ask,
  services: Services,
  model: vscode.Uri,
  question: DataQuestion & { /** What the command then lacks. */ readonly withoutData: string },
): Promise<object | string | undefined> {
  const none = {
    label: vscode.l10n.t('No data'),
    description: question.withoutData,
    isNone: true,
    iconPath: new vscode.ThemeIcon('circle-slash'),
  };
  return askForData(ask, services, model, question, [none]);
}

async function askForData(
  ask: Ask,
  services: Services,
  model: vscode.Uri,
  question: DataQuestion,
  last: readonly DataItem[],
): Promise<object | string | undefined> {
  const folder = path.dirname(model.fsPath);
  const items: DataItem[] = [
    ...(await readDataBlocks(services.recipes)).map(({ recipe, data }): DataItem => ({
      label: vscode.l10n.t('As in {0}', path.basename(recipe.path)),
      description: describe(data),
      data,
      iconPath: new vscode.ThemeIcon('notebook-template'),
    })),
    ...(await detectData(folder)).map((data): DataItem => ({
      label: describe(data),
      description: vscode.l10n.t('found beside the model'),
      data,
      iconPath: new vscode.ThemeIcon('database'),
    })),
    {
      label: vscode.l10n.t('Choose a folder…'),
      description: vscode.l10n.t('IDX, CIFAR batches, images or sounds by class'),
      browse: 'folder',
      iconPath: new vscode.ThemeIcon('folder'),
    },
    {
      label: vscode.l10n.t('Choose a file…'),
      description: vscode.l10n.t('.npz, .csv, .tar.gz, or a .json with a data block'),
      browse: 'file',
      iconPath: new vscode.ThemeIcon('file'),
    },
    ...last,
  ];
  const chosen = await ask(pickOne({ ...question, prompt: vscode.l10n.t('On which data?'), items }));
  const complete = (data: object | string): Promise<object | string> => completeData(ask, data, { ...question, services, model });
  if (chosen.isNone === true) return undefined;
  if (chosen.data !== undefined) return complete(chosen.data);
  const folders = chosen.browse === 'folder';
  const shown = await ask(openDialog('data', { canSelectFolders: folders, canSelectFiles: !folders, defaultUri: vscode.Uri.file(folder) }));
  if (shown.path.endsWith('.json')) return shown.fsPath;
  const [detected] = await detectData(shown.fsPath);
  if (detected === undefined) {
    throw new UserError(
      vscode.l10n.t(
        '{0} holds no data that can be recognised. Known are: IDX files, CIFAR binary batches, folders of images or .wav files by class, .npz and .csv. Other data can be described in the recipe’s "data".',
        shown.fsPath,
      ),
    );
  }
  return complete(detected);
}

interface ModelQuestion extends DataQuestion {
  readonly services: Services;
  readonly model: vscode.Uri;
}

/** Asks for what does not follow from file names: a table's target, and the range that the model expects of pixels. */
async function completeData(ask: Ask, data: object | string, question: ModelQuestion): Promise<object | string> {
  if (typeof data === 'string' || !('format' in data)) return data;
  if (data.format === 'csv' && !('target' in data) && 'file' in data)
    return { ...data, target: await chooseColumn(ask, String(data.file), question) };
  const pixels = data.format === 'idx' || data.format === 'cifar-binary' || data.format === 'images';
  return pixels && !('preprocessing' in data) ? { ...data, preprocessing: await chooseScale(ask, data, question) } : data;
}

async function chooseColumn(ask: Ask, file: string, question: DataQuestion): Promise<string> {
  const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(vscode.Uri.file(file)));
  const columns = (text.split(/\r?\n/, 1)[0] ?? '').split(/[,;\t]/).map((name) => name.replace(/^"|"$/g, '').trim());
  const items = columns.toReversed().map((label) => ({ label }));
  const chosen = await ask(pickOne({ ...question, prompt: vscode.l10n.t('Which column is to be predicted?'), items }));
  return chosen.label;
}

/** Every range is tried on the model meanwhile: the one that it scores best with is proposed. */
async function chooseScale(ask: Ask, data: object, { services, model, ...question }: ModelQuestion): Promise<object> {
  const items: readonly (vscode.QuickPickItem & { readonly preprocessing: object })[] = [
    { label: '0 … 1', description: vscode.l10n.t('divided by 255, as most models are trained'), preprocessing: { scale: 1 / 255 } },
    { label: '−1 … 1', description: vscode.l10n.t('divided by 127.5, less 1'), preprocessing: { scale: 1 / 127.5, offset: -1 } },
    { label: '0 … 255', description: vscode.l10n.t('as they are in the files'), preprocessing: { scale: 1 } },
    {
      label: 'ImageNet',
      description: vscode.l10n.t('less mean, by deviation, as torchvision’s models are trained'),
      preprocessing: { normalise: 'imagenet' },
    },
  ];
  const chosen = await ask(
    pickOne({
      ...question,
      prompt: vscode.l10n.t('Which range of pixels was the model trained on?'),
      items,
      findOut: async (describe, signal) => {
        const scores: number[] = [];
        for (const [index, { preprocessing, description }] of items.entries()) {
          const { accuracy } = await services.worker.connection.request(
            'evaluate',
            { model: modelPath(model), data: { ...data, preprocessing, limit: { test: scoredExamples } } },
            { signal },
          );
          if (accuracy.top1 === undefined) return undefined;
          scores.push(accuracy.top1);
          describe(index, vscode.l10n.t('{0} of {1} examples · {2}', formatPercent(accuracy.top1, 1), accuracy.samples, description ?? ''));
        }
        const best = Math.max(...scores);
        return scores.filter((score) => score === best).length === 1 ? scores.indexOf(best) : undefined;
      },
    }),
  );
  return chosen.preprocessing;
}

function describe(data: object | string): string {
  if (typeof data === 'string') return path.basename(data);
  const text = Object.entries(data)
    .filter(([, value]) => typeof value === 'string')
    .map(([key, value]) => (key === 'format' ? value : path.basename(String(value))));
  return text.join(' · ');
}
