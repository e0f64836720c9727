/** The entries of the sidebar, one class for each kind. `contextValue` is a list of what can be done with an entry. */
import path from 'node:path';
import * as vscode from 'vscode';
import { translate } from '../translate.ts';
import { describeSamples } from '../../shared/drawing/accuracy-interval.ts';
import { nodeWarnings } from '../../shared/drawing/node-figures.ts';
import { describeStatus, statusOf } from '../../shared/drawing/node-status.ts';
import { failureOf } from '../../shared/drawing/run-failures.ts';
import { formatPercent, missing } from '../../shared/drawing/format.ts';
import { costMeasures, measureRow, sizeMeasure } from '../../shared/measures.ts';
import { qualityChange, qualityRow, shownMeasure, shownQuality, shownTitle, simulatedQuality } from '../../shared/measure-figures.ts';
import { nodeTitle, shortTitle, techniqueName } from '../../shared/drawing/technique-names.ts';
import { escapeMarkdown, weightTotals } from '../../shared/drawing/result-table.ts';
import type { ModelState, RunState } from '../../shared/run-state.ts';
import type { NodeResult } from '../../shared/node-result.ts';
import type { NodeState } from '../../shared/tree.ts';
import { hasFailed, type Run } from '../runs/run.ts';
import { isTflite, modelLabel } from '../workspace/model-files.ts';

export class ModelItem extends vscode.TreeItem {
  readonly kind = 'model';
  readonly model: vscode.Uri;

  constructor(model: vscode.Uri, hasRecipes: boolean) {
    super(modelLabel(model), hasRecipes ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.None);
    this.model = model;
    this.id = `model ${model.toString()}`;
    this.resourceUri = model;
    this.iconPath = new vscode.ThemeIcon('symbol-structure');
    this.description = path.dirname(vscode.workspace.asRelativePath(model)).replace(/^\.$/, '');
    this.tooltip = model.fsPath;
    if (isTflite(model)) this.command = { command: 'vscode.open', title: '', arguments: [model] };
    this.contextValue = model.path.endsWith('.tflite')
      ? 'model inspectable evaluable viewable'
      : 'model inspectable evaluable convertible optimizable';
  }
}

export class RecipeItem extends vscode.TreeItem {
  readonly kind = 'recipe';
  readonly recipe: vscode.Uri;
  readonly run: Run | undefined;
  /** Of the model under which the recipe stands. */
  readonly modelName: string | undefined;

  constructor(recipe: vscode.Uri, run: Run | undefined, modelName: string | undefined, problem?: string) {
    super(path.basename(recipe.path), run === undefined ? vscode.TreeItemCollapsibleState.None : vscode.TreeItemCollapsibleState.Expanded);
    this.recipe = recipe;
    this.run = run;
    this.modelName = modelName;
    // The id changes with the first run, because the editor keeps entries collapsed that had no children before.
    this.id = `recipe ${run === undefined ? '' : 'with nodes'} ${modelName ?? ''} ${recipe.toString()}`;
    this.iconPath =
      problem === undefined ? activityIcon(run) : new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
    this.description = problem ?? describeActivity(run);
    this.tooltip = problem ?? recipe.fsPath;
    this.command = { command: 'vscode.open', title: '', arguments: [recipe] };
    this.contextValue = [
      'recipe',
      ...(run?.active === true ? ['cancelable'] : ['runnable']),
      ...(run?.activity === 'interrupted' ? ['resumable'] : []),
      ...(run !== undefined && hasFailed(run) ? ['hasFailed'] : []),
      ...(run === undefined ? [] : ['openable']),
    ].join(' ');
  }
}

export class NodeItem extends vscode.TreeItem {
  readonly kind = 'node';
  readonly run: Run;
  readonly model: string;
  readonly node: string;
  readonly recipe: vscode.Uri;

  /** @param recommended whether its file is the one to ship */
  constructor(run: Run, model: ModelState, result: NodeResult, recommended: boolean) {
    super(
      shortTitle(result.node, translate),
      result.node.children.length > 0 ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.None,
    );
    this.run = run;
    this.model = model.model;
    this.node = result.node.id;
    this.recipe = run.recipe;
    this.id = `node ${run.recipe.toString()} ${model.model} ${result.node.id}`;
    this.iconPath = recommended ? new vscode.ThemeIcon('star-full', new vscode.ThemeColor('testing.iconPassed')) : stateIcon(result.state);
    this.description = describeNode(result);
    this.tooltip = nodeTooltip(run.state, model, result, recommended);
    this.command = { command: 'espalier.openResults', title: '', arguments: [{ run, model: model.model, node: result.node.id }] };
    const tflite = run.tfliteOf(model.model, result.node.id);
    this.contextValue = [
      'node',
      ...(run.active ? [] : ['runnable']),
      ...(result.state.kind === 'running' ? ['cancelable'] : []),
      ...(tflite === undefined ? [] : ['viewable']),
    ].join(' ');
    this.accessibilityInformation = {
      label: [nodeTitle(result.node.title, translate), ...(recommended ? [translate('recommended file')] : []), this.description].join(
        ', ',
      ),
    };
  }
}

export class RunItem extends vscode.TreeItem {
  readonly kind = 'run';
  readonly run: Run;
  readonly recipe: vscode.Uri;

  constructor(run: Run) {
    super(run.name, vscode.TreeItemCollapsibleState.None);
    this.run = run;
    this.recipe = run.recipe;
    this.id = `run ${run.key}`;
    this.iconPath = activityIcon(run);
    const started = run.startedAt;
    this.description = `${started === undefined ? '' : `${new Date(started).toLocaleString(vscode.env.language)} · `}${describeActivity(run)}`;
    const reason = run.summary?.problem ?? run.state.reason;
    this.tooltip = reason === '' ? run.folder : `${reason}\n${run.folder ?? ''}`;
    this.command = { command: 'espalier.openResults', title: '', arguments: [{ run }] };
    this.contextValue = [
      'run',
      'openable',
      ...(run.active ? ['cancelable'] : ['comparable', 'deletable']),
      ...(run.activity === 'interrupted' ? ['resumable'] : []),
      ...(hasFailed(run) ? ['hasFailed'] : []),
    ].join(' ');
  }
}

export function describeActivity(run: Run | undefined): string {
  if (run === undefined) return vscode.l10n.t('not run yet');
  const nodes = run.state.models.flatMap((model) => [...model.nodes.values()]);
  const total = nodes.length === 0 ? (run.summary?.nodes ?? 0) : nodes.length;
  const done = nodes.length === 0 ? (run.summary?.nodesDone ?? 0) : nodes.filter((node) => node.state.kind === 'done').length;
  switch (run.activity) {
    case 'queued':
      return vscode.l10n.t('queued');
    case 'running':
      return vscode.l10n.t('{0}/{1} running', done, total);
    case 'interrupted':
      return vscode.l10n.t('{0}/{1} interrupted', done, total);
    case 'ended':
      switch (run.state.outcome ?? run.summary?.outcome) {
        case undefined:
          return neverBegan(run) ? vscode.l10n.t('did not begin') : vscode.l10n.t('ended');
        case 'running':
        case 'interrupted':
          return vscode.l10n.t('ended');
        case 'done':
          return vscode.l10n.t('done');
        case 'failed':
          return vscode.l10n.t('failed');
        case 'cancelled':
          return vscode.l10n.t('cancelled');
        case 'targets-missed':
          return vscode.l10n.t('targets missed');
        case 'damaged':
          return vscode.l10n.t('damaged');
      }
  }
}

/** It was refused, or cancelled in the queue: its panel says why. */
function neverBegan(run: Run): boolean {
  return run.activity === 'ended' && run.folder === undefined;
}

function activityIcon(run: Run | undefined): vscode.ThemeIcon {
  switch (run?.activity) {
    case undefined:
      return new vscode.ThemeIcon('circle-outline');
    case 'queued':
      return new vscode.ThemeIcon('watch');
    case 'running':
      return new vscode.ThemeIcon('loading~spin');
    case 'interrupted':
      return new vscode.ThemeIcon('debug-pause', new vscode.ThemeColor('list.warningForeground'));
    case 'ended':
      if (run !== undefined && neverBegan(run)) return new vscode.ThemeIcon('circle-slash');
      return run?.state.outcome === 'failed' || run?.summary?.outcome === 'damaged'
        ? stateIcon({ kind: 'failed', message: '' })
        : stateIcon({ kind: 'done', cached: false });
  }
}

export function stateIcon(state: NodeState): vscode.ThemeIcon {
  switch (state.kind) {
    case 'waiting':
      return new vscode.ThemeIcon('circle-outline');
    case 'running':
      return new vscode.ThemeIcon('loading~spin');
    case 'done':
      return new vscode.ThemeIcon('pass-filled', new vscode.ThemeColor('testing.iconPassed'));
    case 'failed':
      return new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed'));
    case 'skipped':
      return new vscode.ThemeIcon('debug-step-over', new vscode.ThemeColor('testing.iconSkipped'));
  }
}

/** In few letters: accuracies with one decimal, and of a failure its cause. */
function describeNode(result: NodeResult): string {
  const failure = failureOf(result, translate);
  if (failure !== undefined) return `${translate('failed')}: ${failure.what}`;
  const { metrics } = result;
  if (metrics === undefined || result.state.kind !== 'done') return describeStatus(statusOf(result), translate);
  return `${shownQuality(metrics, 1)} · ${shownMeasure(sizeMeasure, metrics)}`;
}

function nodeTooltip(run: RunState, model: ModelState, result: NodeResult, recommended: boolean): vscode.MarkdownString {
  const { metrics, state, node } = result;
  const text = new vscode.MarkdownString('', true);
  const trait = [
    `**${nodeTitle(node.title, translate)}** (${node.precision}) · ${techniqueName(node.technique, translate)}`,
    ...(recommended ? [`$(star-full) ${translate('recommended file')}`] : []),
  ];
  text.appendMarkdown(`${trait.join(' · ')}\n\n`);
  const failure = failureOf(result, translate);
  const paragraphs = [
    ...(failure === undefined ? [] : [`$(error) ${plain(failure.what)}`]),
    ...(failure?.where ? [plain(translate('Where: {0}', failure.where))] : []),
    ...(failure?.fix ? [plain(translate('To fix it: {0}', failure.fix))] : []),
    ...(state.kind === 'skipped' ? [plain(state.reason)] : []),
    ...nodeWarnings(run, model.model, result).map((warning) => `$(warning) ${plain(warning)}`),
  ];
  for (const paragraph of paragraphs) text.appendMarkdown(`${paragraph}\n\n`);
  if (metrics === undefined) return text;
  const totals = weightTotals(metrics);
  const lines = [
    [vscode.l10n.t(qualityRow(metrics).simulatedTitle), simulatedQuality(metrics)],
    [vscode.l10n.t(shownTitle('accuracy', metrics)), node.precision === 'int8' ? shownMeasure('accuracy', metrics) : missing],
    ...costMeasures.map((id): [string, string] => [vscode.l10n.t(measureRow(id).title), shownMeasure(id, metrics)]),
    [vscode.l10n.t('Sparsity'), formatPercent(totals.sparsity, 1)],
    [vscode.l10n.t('Unique values'), String(totals.uniqueValues?.kernel ?? '–')],
  ];
  const measured = metrics.deployed ?? metrics.simulated;
  if (measured !== undefined) text.appendMarkdown(`${plain(describeSamples(metrics, measured, translate))}\n\n`);
  text.appendMarkdown(lines.map(([name, value]) => `- ${name ?? ''}: ${value ?? ''}`).join('\n'));
  return text;
}

/** Shown as it is. The editor's own `appendText` joins words so that long lines are cut. */
function plain(message: string): string {
  return escapeMarkdown(message).replaceAll('_', '\\_').replaceAll('$(', '\\$(');
}

/** Against the baseline: in points, where the task's measure is a fraction. */
export function changeAgainstBaseline(model: ModelState, result: NodeResult): string {
  return qualityChange(model.nodes.get(model.tree.id)?.metrics, result.metrics);
}
