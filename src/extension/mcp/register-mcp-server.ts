import * as vscode from 'vscode';

/** Offers `espalier mcp` to the agents of an editor that knows such servers. It runs in a process of its own, with the editor's Node. */
export function registerMcpServer(context: vscode.ExtensionContext): void {
  const { McpStdioServerDefinition: Definition } = vscode;
  const register = vscode.lm.registerMcpServerDefinitionProvider;
  if (Definition === undefined || register === undefined) return;
  const changed = new vscode.EventEmitter<void>();
  context.subscriptions.push(
    changed,
    // It trains and writes files, which is up to the user's trust.
    vscode.workspace.onDidGrantWorkspaceTrust(() => changed.fire()),
    vscode.workspace.onDidChangeWorkspaceFolders(() => changed.fire()),
    register.call(vscode.lm, 'espalier.mcp', {
      onDidChangeMcpServerDefinitions: changed.event,
      provideMcpServerDefinitions() {
        const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
        if (folder === undefined || !vscode.workspace.isTrusted) return [];
        const { version }: { readonly version: string } = context.extension.packageJSON;
        const script = vscode.Uri.joinPath(context.extensionUri, 'dist', 'mcp.cjs').fsPath;
        const server = new Definition(
          'Espalier',
          process.execPath,
          [script, version, folder.fsPath],
          { ELECTRON_RUN_AS_NODE: '1' },
          version,
        );
        server.cwd = folder;
        return [server];
      },
    }),
  );
}
