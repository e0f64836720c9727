import * as vscode from 'vscode';
import { nodeTitle } from '../../shared/drawing/technique-names.ts';
import { translate } from '../translate.ts';
import { measureRow } from '../../shared/measures.ts';
import { bestLeaf, describeVerdict } from '../../shared/drawing/target-verdicts.ts';
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
        const place = outline.targets.find(({ key }) => key === measureRow(verdict.measure).target?.key);
        if (place === undefined || best === undefined) return [];
        const line = document.lineAt(document.positionAt(place.offset + place.length));
        const name = models.length > 1 ? `${model.model}: ` : '';
        const contentText = `${verdict.met ? '✓' : '✗'} ${name}${describeVerdict(verdict, translate)} (${nodeTitle(best.leaf.node.title, translate)})`;
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
