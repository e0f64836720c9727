import path from 'node:path';
import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { detectData } from '../workspace/detect-data.ts';
import { readDataBlocks } from '../workspace/data-blocks.ts';
import { UserError } from './register-command.ts';

interface DataItem extends vscode.QuickPickItem {
  readonly data?: object | string;
  readonly browse?: 'folder' | 'file';
}

/** Data that recipes of the workspace use already, data files found beside the model, or what the user shows. */
export async function chooseData(services: Services, model: vscode.Uri, title?: string): Promise<object | string> {
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
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: vscode.l10n.t('On which data?'),
    matchOnDescription: true,
  });
  if (chosen === undefined) throw new vscode.CancellationError();
  if (chosen.data !== undefined) return complete(chosen.data, title);
  const folders = chosen.browse === 'folder';
  const [shown] =
    (await vscode.window.showOpenDialog({ canSelectFolders: folders, canSelectFiles: !folders, defaultUri: vscode.Uri.file(folder) })) ??
    [];
  if (shown === undefined) throw new vscode.CancellationError();
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
  return complete(detected, title);
}

/** Asks for what the files' names cannot tell: a table's target, and the range that the model expects of pixels. */
async function complete(data: object | string, title: string | undefined): Promise<object | string> {
  if (typeof data === 'string' || !('format' in data)) return data;
  if (data.format === 'csv' && !('target' in data) && 'file' in data)
    return { ...data, target: await chooseColumn(String(data.file), title) };
  const pixels = data.format === 'idx' || data.format === 'cifar-binary' || data.format === 'images';
  return pixels && !('preprocessing' in data) ? { ...data, preprocessing: await chooseScale(title) } : data;
}

async function chooseColumn(file: string, title: string | undefined): Promise<string> {
  const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(vscode.Uri.file(file)));
  const columns = (text.split(/\r?\n/, 1)[0] ?? '').split(/[,;\t]/).map((name) => name.replace(/^"|"$/g, '').trim());
  const chosen = await vscode.window.showQuickPick(columns.toReversed(), {
    title,
    placeHolder: vscode.l10n.t('Which column is to be predicted?'),
  });
  if (chosen === undefined) throw new vscode.CancellationError();
  return chosen;
}

async function chooseScale(title: string | undefined): Promise<object> {
  const ranges: readonly (vscode.QuickPickItem & { readonly preprocessing: object })[] = [
    { label: '0 … 1', description: vscode.l10n.t('divided by 255, as most models are trained'), preprocessing: { scale: 1 / 255 } },
    { label: '−1 … 1', description: vscode.l10n.t('divided by 127.5, less 1'), preprocessing: { scale: 1 / 127.5, offset: -1 } },
    { label: '0 … 255', description: vscode.l10n.t('as they are in the files'), preprocessing: {} },
  ];
  const chosen = await vscode.window.showQuickPick(ranges, {
    title,
    placeHolder: vscode.l10n.t('Which range of pixels was the model trained on?'),
  });
  if (chosen === undefined) throw new vscode.CancellationError();
  return chosen.preprocessing;
}

function describe(data: object | string): string {
  if (typeof data === 'string') return path.basename(data);
  const text = Object.entries(data)
    .filter(([, value]) => typeof value === 'string')
    .map(([key, value]) => (key === 'format' ? value : path.basename(String(value))));
  return text.join(' · ');
}
