/** What a command acts on: its argument, the file in the editor, or a choice of the user. */
import path from 'node:path';
import * as vscode from 'vscode';
import { askAlone, type Ask } from '../questions/ask-in-turn.ts';
import { pickOne } from '../questions/quick-inputs.ts';
import { Run } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { describeActivity } from '../views/tree-items.ts';
import { isModel, isRecipe, isTflite, modelLabel } from '../workspace/model-files.ts';
import { UserError } from './register-command.ts';

/** A tree item, or what the panel, a CodeLens or a key binding passes. */
interface Argument {
  readonly run?: unknown;
  readonly recipe?: unknown;
  readonly resourceUri?: unknown;
  readonly model?: unknown;
  readonly node?: unknown;
}

function fields(argument: unknown): Argument {
  return typeof argument === 'object' && argument !== null ? argument : {};
}

export function runIn(argument: unknown): Run | undefined {
  const { run } = fields(argument);
  return run instanceof Run ? run : undefined;
}

export function nodeIn(argument: unknown): { readonly model: string; readonly node: string } | undefined {
  const { model, node } = fields(argument);
  return typeof model === 'string' && typeof node === 'string' ? { model, node } : undefined;
}

export function uriIn(argument: unknown): vscode.Uri | undefined {
  if (argument instanceof vscode.Uri) return argument;
  const { recipe, resourceUri } = fields(argument);
  return recipe instanceof vscode.Uri ? recipe : resourceUri instanceof vscode.Uri ? resourceUri : undefined;
}

/** Saves the recipe first if it is being edited, so that the run matches what the user sees. */
export async function chooseRecipe(argument: unknown, services: Services): Promise<vscode.Uri> {
  const given = runIn(argument)?.recipe ?? uriIn(argument);
  const active = vscode.window.activeTextEditor?.document.uri;
  const recipe =
    given !== undefined && isRecipe(given)
      ? given
      : active !== undefined && isRecipe(active)
        ? active
        : await pickFile(askAlone, await services.recipes.files(), {
            prompt: vscode.l10n.t('Choose a recipe'),
            none: vscode.l10n.t('There is no recipe (*.espalier.json) in this workspace. Use “Espalier: Optimize Model…” to make one.'),
          });
  await vscode.workspace.textDocuments.find((document) => document.uri.toString() === recipe.toString())?.save();
  return recipe;
}

interface ModelQuestion {
  readonly accepts?: (model: vscode.Uri) => boolean;
  /** Asks further questions after the model was chosen. */
  readonly ask?: Ask;
  readonly stepsAfter?: number;
}

export async function chooseModel(
  argument: unknown,
  services: Services,
  { accepts = () => true, ask = askAlone, stepsAfter = 0 }: ModelQuestion = {},
): Promise<vscode.Uri> {
  const given = uriIn(argument);
  if (given !== undefined && !isRecipe(given)) return given;
  const shown = activeFile();
  if (shown !== undefined && isModel(shown) && accepts(shown)) return shown;
  const models = (await services.models.files()).filter(accepts);
  return pickFile(ask, models, {
    prompt: vscode.l10n.t('Choose a model'),
    none: vscode.l10n.t('There is no model in this workspace: add a .keras, .h5, .onnx or .tflite file, or a TFJS model.json.'),
    stepsAfter,
  });
}

export async function chooseTflite(argument: unknown, services: Services): Promise<vscode.Uri> {
  const run = runIn(argument);
  const node = nodeIn(argument);
  const made = run === undefined || node === undefined ? undefined : run.tfliteOf(node.model, node.node);
  if (made !== undefined) return made;
  if (node !== undefined) throw new UserError(vscode.l10n.t('This node has no .tflite yet.'));
  return chooseModel(argument, services, { accepts: isTflite });
}

/** The run of an entry or a recipe, of the panel or the recipe in front, or the only one; else the user chooses. */
export async function chooseRun(argument: unknown, services: Services, accepts: (run: Run) => boolean, none: string): Promise<Run> {
  const recipe = uriIn(argument);
  if (recipe !== undefined && isRecipe(recipe)) await services.runs.ensureListed();
  const given = runIn(argument) ?? (recipe === undefined ? undefined : services.runs.latestOf(recipe));
  if (given !== undefined && accepts(given)) return given;
  if (given !== undefined || recipe !== undefined) throw new UserError(none);
  const inFront = services.panels.active();
  if (inFront !== undefined && accepts(inFront)) return inFront;
  await services.runs.refresh();
  const edited = activeFile();
  const ofEdited = edited !== undefined && isRecipe(edited) ? services.runs.latestOf(edited) : undefined;
  if (ofEdited !== undefined && accepts(ofEdited)) return ofEdited;
  const runs = services.runs.all().filter(accepts);
  const [only] = runs;
  if (only === undefined) throw new UserError(none);
  if (runs.length === 1) return only;
  return pickRun(runs, vscode.l10n.t('Choose a run'));
}

export async function pickRun(runs: readonly Run[], prompt: string): Promise<Run> {
  const items = runs.map((run) => ({
    label: run.name,
    description: run.startedAt === undefined ? '' : new Date(run.startedAt).toLocaleString(vscode.env.language),
    detail: describeActivity(run),
    run,
  }));
  const chosen = await askAlone(pickOne({ prompt, items }));
  return chosen.run;
}

function createExample(): UserError['remedy'] {
  return { title: vscode.l10n.t('Create Example Project'), command: 'espalier.createExample' };
}

/** The file that the editor shows, also where that is one of our read-only editors. */
function activeFile(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom ? input.uri : undefined;
}

interface FileQuestion {
  readonly prompt: string;
  /** Message when there is no file; it offers the example project. */
  readonly none: string;
  readonly stepsAfter?: number;
}

async function pickFile(ask: Ask, files: readonly vscode.Uri[], { none, ...question }: FileQuestion): Promise<vscode.Uri> {
  const [only] = files;
  if (only === undefined) throw new UserError(none, createExample());
  if (files.length === 1) return only;
  const items = files.map((file) => ({
    label: modelLabel(file),
    description: path.dirname(vscode.workspace.asRelativePath(file)),
    file,
  }));
  const chosen = await ask(pickOne({ ...question, items }));
  return chosen.file;
}
