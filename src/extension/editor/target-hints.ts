import * as vscode from 'vscode';
import { formatBytes, formatMilliseconds } from '../../shared/drawing/format.ts';
import { bestLeaf } from '../../shared/drawing/target-verdicts.ts';
import type { TargetVerdict } from '../../shared/drawing/target-verdicts.ts';
import type { Services } from '../services.ts';
import { isRecipe } from '../workspace/model-files.ts';
import { outlineRecipe, targetsIn } from '../workspace/recipe-document.ts';

/** After each target in a recipe: whether the last run met it, and by how much. */
export class TargetHints implements vscode.Disposable {
  readonly #services: Services;
  readonly #met = hintType('testing.iconPassed');
  readonly #missed = hintType('testing.iconFailed');

  constructor(services: Services) {
    this.#services = services;
  }

  update(editors: readonly vscode.TextEditor[]): void {
    for (const editor of editors) if (isRecipe(editor.document.uri)) this.#decorate(editor);
  }

  dispose(): void {
    this.#met.dispose();
    this.#missed.dispose();
  }

  #decorate(editor: vscode.TextEditor): void {
    const { document } = editor;
    const outline = outlineRecipe(document.getText());
    const models = this.#services.runs.latestOf(document.uri)?.state.models ?? [];
    const hints = models.flatMap((model) => {
      const best = bestLeaf(model, targetsIn(outline));
      return (best?.verdicts ?? []).flatMap((verdict) => {
        const place = outline.targets.find(({ key }) => key === verdict.target);
        if (place === undefined || best === undefined) return [];
        const line = document.lineAt(document.positionAt(place.offset + place.length));
        const name = models.length > 1 ? `${model.model}: ` : '';
        const contentText = `${verdict.met ? '✓' : '✗'} ${name}${describe(verdict)} (${vscode.l10n.t(best.leaf.node.title)})`;
        return [
          {
            met: verdict.met,
            options: { range: new vscode.Range(line.range.end, line.range.end), renderOptions: { after: { contentText } } },
          },
        ];
      });
    });
    editor.setDecorations(
      this.#met,
      hints.filter(({ met }) => met).map(({ options }) => options),
    );
    editor.setDecorations(
      this.#missed,
      hints.filter(({ met }) => !met).map(({ options }) => options),
    );
  }
}

function hintType(colour: string): vscode.TextEditorDecorationType {
  return vscode.window.createTextEditorDecorationType({ after: { margin: '0 0 0 2em', color: new vscode.ThemeColor(colour) } });
}

function describe(verdict: TargetVerdict): string {
  const reached = inUnit(verdict, verdict.reached);
  const margin = inUnit(verdict, Math.abs(verdict.margin));
  return verdict.met
    ? vscode.l10n.t('met: {0}, {1} to spare', reached, margin)
    : vscode.l10n.t('missed: {0}, {1} too much', reached, margin);
}

function inUnit({ target }: TargetVerdict, value: number): string {
  switch (target) {
    case 'accuracyDrop':
      return vscode.l10n.t('{0} points', (value * 100).toFixed(2));
    case 'compressedBytes':
      return formatBytes(value);
    case 'latencyMilliseconds':
      return formatMilliseconds(value);
  }
}
