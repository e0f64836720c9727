import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { isRecipe } from '../workspace/model-files.ts';
import { RecipeDiagnostics } from './recipe-diagnostics.ts';
import { RecipeLanguage } from './recipe-language.ts';
import { RecipeLenses } from './recipe-lenses.ts';
import { TargetHints } from './target-hints.ts';

const recipes: vscode.DocumentSelector = [{ pattern: '**/*.espalier.json' }, { pattern: '**/*.espalier.jsonc' }];
/** Annotations of a running recipe are refreshed at most this often. */
const refreshMilliseconds = 500;

/** Everything that a recipe shows in the editor: CodeLenses, hints on the targets, diagnostics with fixes. */
export function registerRecipeEditor(context: vscode.ExtensionContext, services: Services): void {
  const changed = new vscode.EventEmitter<void>();
  const hints = new TargetHints(services);
  const diagnostics = new RecipeDiagnostics(services);
  const language = new RecipeLanguage(context.extensionUri);
  let timer: NodeJS.Timeout | undefined;
  const refresh = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      changed.fire();
      hints.update(vscode.window.visibleTextEditors);
    }, refreshMilliseconds);
  };
  context.subscriptions.push(
    changed,
    hints,
    diagnostics,
    new vscode.Disposable(() => clearTimeout(timer)),
    services.runs.onDidChange(refresh),
    vscode.languages.registerCompletionItemProvider(recipes, language, '"', ':'),
    vscode.languages.registerHoverProvider(recipes, language),
    vscode.languages.registerCodeLensProvider(recipes, new RecipeLenses(services, changed.event)),
    vscode.languages.registerCodeActionsProvider(recipes, diagnostics, { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] }),
    vscode.workspace.onDidOpenTextDocument((document) => {
      diagnostics.schedule(document);
      if (isRecipe(document.uri)) void services.runs.ensureListed();
    }),
    vscode.workspace.onDidCloseTextDocument((document) => diagnostics.forget(document)),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      diagnostics.schedule(document);
      refresh();
    }),
    vscode.window.onDidChangeVisibleTextEditors(refresh),
    // Files are opened for a check only where the workspace is trusted.
    vscode.workspace.onDidGrantWorkspaceTrust(() => vscode.workspace.textDocuments.forEach((document) => diagnostics.schedule(document))),
    // A file that a diagnostic reported as missing may exist now.
    services.models.onDidChange(() => vscode.workspace.textDocuments.forEach((document) => diagnostics.schedule(document))),
  );
  for (const document of vscode.workspace.textDocuments) {
    diagnostics.schedule(document);
    if (isRecipe(document.uri)) void services.runs.ensureListed();
  }
  refresh();
}
