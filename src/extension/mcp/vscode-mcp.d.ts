/** What editors from 1.101 on add for servers of the Model Context Protocol; older ones have neither. */
import type { CancellationToken, Disposable, Event, ProviderResult, Uri } from 'vscode';

declare module 'vscode' {
  export interface McpServer {
    readonly label: string;
    cwd?: Uri | undefined;
  }
  export interface McpServerProvider {
    readonly onDidChangeMcpServerDefinitions?: Event<void>;
    provideMcpServerDefinitions(token: CancellationToken): ProviderResult<McpServer[]>;
  }
  export const McpStdioServerDefinition:
    | (new (label: string, command: string, args?: string[], env?: Record<string, string | number | null>, version?: string) => McpServer)
    | undefined;
  export namespace lm {
    export const registerMcpServerDefinitionProvider: ((id: string, provider: McpServerProvider) => Disposable) | undefined;
  }
}
