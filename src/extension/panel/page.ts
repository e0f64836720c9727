import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/** A page with one of the extension's own scripts, style and `data`; a content security policy forbids everything remote. */
export function pageHtml(
  webview: vscode.Webview,
  folder: vscode.Uri,
  title: string,
  data: object,
  script: 'main' | 'board' | 'sensitivity' = 'main',
): string {
  const nonce = randomBytes(16).toString('base64');
  const uri = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(folder, file)).toString();
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource}`,
    `font-src ${webview.cspSource}`,
    `img-src ${webview.cspSource} data:`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${escapeHtml(vscode.env.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<link rel="stylesheet" href="${uri('main.css')}">
<title>${escapeHtml(title)}</title>
</head>
<body data-page="${escapeHtml(JSON.stringify(data))}">
<p id="loading" role="status">${escapeHtml(vscode.l10n.t('Loading the results…'))}</p>
<script nonce="${nonce}" src="${uri(`${script}.js`)}"></script>
</body>
</html>`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The translations of the user's language by their English text, for pages that translate themselves. */
export function pageStrings(): Readonly<Record<string, string>> {
  const { bundle } = vscode.l10n;
  return bundle === undefined ? {} : bundle;
}
