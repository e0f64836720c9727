/**
 * Completions and explanations of recipes from their schema. The editor's own JSON support could give them as well, but
 * only together with its validation, which would show every mistake a second time beside our diagnostics.
 */
import * as vscode from 'vscode';
import type { LanguageService } from 'vscode-json-languageservice';

/** Loads the service when a recipe is first completed or pointed at: it is too large to be read at activation. */
export class RecipeLanguage implements vscode.CompletionItemProvider, vscode.HoverProvider {
  readonly #schema: vscode.Uri;
  #service: Promise<LanguageService> | undefined;

  constructor(extensionUri: vscode.Uri) {
    this.#schema = vscode.Uri.joinPath(extensionUri, 'schemas', 'recipe.schema.json');
  }

  async provideCompletionItems(document: vscode.TextDocument, position: vscode.Position): Promise<vscode.CompletionList | undefined> {
    const { service, text, json } = await this.#read(document);
    const found = await service.doComplete(text, position, json);
    if (found === null) return undefined;
    return new vscode.CompletionList(
      found.items.map((item) => {
        const made = new vscode.CompletionItem(item.label, item.kind === undefined ? undefined : item.kind - 1);
        const edit = item.textEdit;
        // 2 is a snippet in the protocol of language servers.
        const inserted = edit?.newText ?? item.insertText ?? item.label;
        made.insertText = item.insertTextFormat === 2 ? new vscode.SnippetString(inserted) : inserted;
        if (edit !== undefined && 'range' in edit) made.range = rangeOf(edit.range);
        if (item.filterText !== undefined) made.filterText = item.filterText;
        if (item.sortText !== undefined) made.sortText = item.sortText;
        if (item.detail !== undefined) made.detail = item.detail;
        if (item.documentation !== undefined) made.documentation = markdownOf(item.documentation);
        return made;
      }),
      found.isIncomplete,
    );
  }

  async provideHover(document: vscode.TextDocument, position: vscode.Position): Promise<vscode.Hover | undefined> {
    const { service, text, json } = await this.#read(document);
    const found = await service.doHover(text, position, json);
    if (found === null) return undefined;
    const contents = (Array.isArray(found.contents) ? found.contents : [found.contents]).filter(
      (content) => (typeof content === 'string' ? content : content.value) !== '',
    );
    // A property that the schema has no words for.
    if (contents.length === 0) return undefined;
    return new vscode.Hover(contents.map(markdownOf), found.range === undefined ? undefined : rangeOf(found.range));
  }

  async #read(document: vscode.TextDocument): Promise<{
    readonly service: LanguageService;
    readonly text: Parameters<LanguageService['doComplete']>[0];
    readonly json: Parameters<LanguageService['doComplete']>[2];
  }> {
    this.#service ??= startService(this.#schema);
    const service = await this.#service;
    const { TextDocument } = await import('./json-language-service.ts');
    const text = TextDocument.create(document.uri.toString(), document.languageId, document.version, document.getText());
    return { service, text, json: service.parseJSONDocument(text) };
  }
}

async function startService(schema: vscode.Uri): Promise<LanguageService> {
  const { ClientCapabilities, getLanguageService } = await import('./json-language-service.ts');
  const content: unknown = JSON.parse(new TextDecoder().decode(await vscode.workspace.fs.readFile(schema)));
  if (typeof content !== 'object' || content === null) throw new Error(`${schema.fsPath} is not a schema`);
  const service = getLanguageService({ clientCapabilities: ClientCapabilities.LATEST });
  service.configure({ validate: false, schemas: [{ uri: schema.toString(), fileMatch: ['*'], schema: content }] });
  return service;
}

type Text = string | { readonly value: string; readonly language?: string } | { readonly kind: string; readonly value: string };

function markdownOf(text: Text): vscode.MarkdownString {
  return new vscode.MarkdownString(typeof text === 'string' ? text : text.value);
}

interface ProtocolRange {
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
}

function rangeOf({ start, end }: ProtocolRange): vscode.Range {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}
