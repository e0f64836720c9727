import * as vscode from 'vscode';
import type { DiagnosticCode, RecipeDiagnostic } from '../../shared/recipe-diagnostics.ts';
import type { Services } from '../services.ts';
import { isRecipe } from '../workspace/model-files.ts';
import { readableFolders } from '../workspace/readable-folders.ts';

/** Delay after the last keystroke before a recipe is checked. */
const pauseMilliseconds = 350;
export const diagnosticSource = 'espalier';

interface Finding {
  readonly range: vscode.Range;
  readonly suggestions: readonly string[];
  readonly diagnostic: vscode.Diagnostic;
}

/** Checks recipes in the worker while they are edited, and offers corrections. */
export class RecipeDiagnostics implements vscode.CodeActionProvider, vscode.Disposable {
  readonly #services: Services;
  readonly #collection = vscode.languages.createDiagnosticCollection(diagnosticSource);
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #found = new Map<string, readonly Finding[]>();
  readonly #shown = new Map<string, readonly vscode.Diagnostic[]>();
  readonly #subscription = vscode.languages.onDidChangeDiagnostics(({ uris }) => uris.forEach((uri) => this.#publish(uri)));

  constructor(services: Services) {
    this.#services = services;
  }

  schedule(document: vscode.TextDocument): void {
    if (!isRecipe(document.uri) || document.uri.scheme !== 'file') return;
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.set(
      key,
      setTimeout(() => void this.#check(document), pauseMilliseconds),
    );
  }

  forget(document: vscode.TextDocument): void {
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    this.#found.delete(key);
    this.#shown.delete(key);
    this.#collection.delete(document.uri);
  }

  provideCodeActions(document: vscode.TextDocument, range: vscode.Range, context: vscode.CodeActionContext): vscode.CodeAction[] {
    const found = this.#found.get(document.uri.toString()) ?? [];
    return found
      .filter((entry) => entry.range.intersection(range) !== undefined)
      .flatMap((entry) =>
        entry.suggestions.map((suggestion, index) => {
          const action = new vscode.CodeAction(vscode.l10n.t('Change to {0}', suggestion), vscode.CodeActionKind.QuickFix);
          action.edit = new vscode.WorkspaceEdit();
          action.edit.replace(document.uri, entry.range, quotedLike(document.getText(entry.range), suggestion));
          action.isPreferred = index === 0;
          action.diagnostics = context.diagnostics.filter(
            (diagnostic) => diagnostic.source === diagnosticSource && diagnostic.range.isEqual(entry.range),
          );
          return action;
        }),
      );
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#subscription.dispose();
    this.#collection.dispose();
  }

  /** Without mistakes of syntax where the editor's JSON support marks some: both would be about the same one. */
  #publish(uri: vscode.Uri): void {
    const found = this.#found.get(uri.toString());
    if (found === undefined) return;
    const isMarked = vscode.languages
      .getDiagnostics(uri)
      .some(({ source, severity }) => source !== diagnosticSource && severity === vscode.DiagnosticSeverity.Error);
    const shown = found.map(({ diagnostic }) => diagnostic).filter(({ code }) => code !== syntax || !isMarked);
    const before = this.#shown.get(uri.toString());
    // Setting the collection announces a change, which leads here again.
    if (before?.length === shown.length && shown.every((diagnostic, index) => diagnostic === before[index])) return;
    this.#shown.set(uri.toString(), shown);
    this.#collection.set(uri, shown);
  }

  async #check(document: vscode.TextDocument): Promise<void> {
    const { version } = document;
    try {
      const { diagnostics } = await this.#services.worker.connection.request('checkRecipe', {
        path: document.uri.fsPath,
        text: document.getText(),
        readable: readableFolders(this.#services.state),
      });
      if (document.version !== version || document.isClosed) return;
      this.#found.set(
        document.uri.toString(),
        diagnostics.map((diagnostic) => {
          const range = rangeOf(document, diagnostic);
          return { range, suggestions: diagnostic.suggestions, diagnostic: toEditorDiagnostic(diagnostic, range) };
        }),
      );
      this.#publish(document.uri);
    } catch (error) {
      this.#services.log.warn(`cannot check ${document.uri.fsPath}: ${String(error)}`);
    }
  }
}

const syntax: DiagnosticCode = 'syntax';

function rangeOf(document: vscode.TextDocument, { offset, length }: RecipeDiagnostic): vscode.Range {
  return new vscode.Range(document.positionAt(offset), document.positionAt(offset + length));
}

function toEditorDiagnostic(diagnostic: RecipeDiagnostic, range: vscode.Range): vscode.Diagnostic {
  const made = new vscode.Diagnostic(
    range,
    diagnostic.message,
    diagnostic.severity === 'error' ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning,
  );
  made.source = diagnosticSource;
  made.code = diagnostic.code;
  return made;
}

/** A suggestion in place of a string becomes a string. */
function quotedLike(text: string, suggestion: string): string {
  return text.startsWith('"') && !suggestion.startsWith('"') ? JSON.stringify(suggestion) : suggestion;
}
