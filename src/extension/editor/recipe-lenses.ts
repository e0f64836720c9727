import * as vscode from 'vscode';
import { nodeTitle } from '../../shared/drawing/technique-names.ts';
import { translate } from '../translate.ts';
import { sizeMeasure } from '../../shared/measures.ts';
import { qualityRow, shownMeasure, shownQuality } from '../../shared/measure-figures.ts';
import { bestLeaf } from '../../shared/drawing/target-verdicts.ts';
import type { ModelState } from '../../shared/run-state.ts';
import type { NodeResult } from '../../shared/node-result.ts';
import type { Run } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { readSettings } from '../settings.ts';
import { changeAgainstBaseline } from '../views/tree-items.ts';
import { techniqueRow } from '../../shared/techniques.ts';
import { defaultNodes } from '../../shared/tree-shape.ts';
import { outlineRecipe, targetsIn } from '../workspace/recipe-document.ts';
import type { Place } from '../workspace/recipe-document.ts';

/** CodeLenses above each model and technique: run it, and its last result. */
export class RecipeLenses implements vscode.CodeLensProvider {
  readonly #services: Services;
  readonly onDidChangeCodeLenses: vscode.Event<void>;

  constructor(services: Services, changed: vscode.Event<void>) {
    this.#services = services;
    this.onDidChangeCodeLenses = changed;
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    if (!readSettings().codeLens) return [];
    const outline = outlineRecipe(document.getText());
    const run = this.#services.runs.latestOf(document.uri);
    const targets = targetsIn(outline);
    return [
      ...outline.models.flatMap((place) => {
        const model = modelOf(run, place.name);
        return lensesAt(document, place, [
          ...runCommands(document.uri, run),
          ...(run === undefined || model === undefined ? [] : [resultCommand(run, model, bestLeaf(model, targets)?.leaf)]),
        ]);
      }),
      ...outline.techniques.flatMap((place) => {
        const entry = defaultNodes().find(({ technique }) => techniqueRow(technique).options === place.key);
        if (entry === undefined) return [];
        const results = (run?.state.models ?? []).flatMap((model) =>
          [...model.nodes.values()].filter(({ node }) => node.technique === entry.technique).map((result) => ({ model, result })),
        );
        const nodes = results.length === 0 ? [entry.id] : [...new Set(results.map(({ result }) => result.node.id))];
        const runToHere = {
          title: `$(debug-continue) ${vscode.l10n.t('Run to Here')}`,
          command: 'espalier.runToNode',
          arguments: [document.uri, nodes],
        };
        return lensesAt(document, place, [
          runToHere,
          ...(run === undefined ? [] : results.slice(0, 3).map(({ model, result }) => resultCommand(run, model, result))),
        ]);
      }),
    ];
  }
}

function lensesAt(document: vscode.TextDocument, place: Place, commands: readonly (vscode.Command | undefined)[]): vscode.CodeLens[] {
  const range = new vscode.Range(document.positionAt(place.offset), document.positionAt(place.offset + place.length));
  return commands.flatMap((command) => (command === undefined ? [] : [new vscode.CodeLens(range, command)]));
}

function runCommands(recipe: vscode.Uri, run: Run | undefined): readonly vscode.Command[] {
  if (run?.active === true)
    return [{ title: `$(debug-stop) ${vscode.l10n.t('Cancel')}`, command: 'espalier.cancel', arguments: [{ run }] }];
  const start = { title: `$(play) ${vscode.l10n.t('Run')}`, command: 'espalier.runRecipe', arguments: [recipe] };
  return run?.activity === 'interrupted'
    ? [start, { title: `$(debug-restart) ${vscode.l10n.t('Resume')}`, command: 'espalier.resume', arguments: [{ run }] }]
    : [start];
}

function modelOf(run: Run | undefined, name: string): ModelState | undefined {
  const models = run?.state.models ?? [];
  return models.find((model) => model.model === name) ?? (models.length === 1 ? models[0] : undefined);
}

/** INT8 accuracy, size, change against the baseline. */
function resultCommand(run: Run, model: ModelState, result: NodeResult | undefined): vscode.Command | undefined {
  if (result?.metrics === undefined) return undefined;
  const { metrics, node } = result;
  const row = qualityRow(metrics);
  const figures = [
    nodeTitle(node.title, translate),
    shownQuality(metrics),
    shownMeasure(sizeMeasure, metrics),
    changeAgainstBaseline(model, result),
  ] as const;
  return {
    title:
      row.unit === 'fraction' ? vscode.l10n.t('{0}: {1}, {2}, {3} points', ...figures) : vscode.l10n.t('{0}: {1}, {2}, {3}', ...figures),
    tooltip: vscode.l10n.t('Last result: {0}, compressed size, change against the baseline', vscode.l10n.t(row.title)),
    command: 'espalier.openResults',
    arguments: [{ run, model: model.model, node: node.id }],
  };
}
