import * as vscode from 'vscode';

export interface Settings {
  /** 0: the number that the engine measures to be fastest. */
  readonly threads: number;
  readonly lowPriority: boolean;
  /** Megabytes; 0: Node's own limit. */
  readonly memoryLimit: number;
  readonly openResults: 'always' | 'firstRun' | 'never';
  readonly codeLens: boolean;
  /** Colours of the tree in the panel: states of nodes, or the guide's own. */
  readonly treeLook: 'status' | 'guide';
  readonly exclude: string;
}

export function readSettings(): Settings {
  const settings = vscode.workspace.getConfiguration('espalier');
  return {
    threads: settings.get('threads', 0),
    lowPriority: settings.get('lowPriority', true),
    memoryLimit: settings.get('memoryLimit', 0),
    openResults: settings.get('openResults', 'always'),
    codeLens: settings.get('codeLens', true),
    treeLook: settings.get('treeLook', 'status'),
    exclude: settings.get('exclude', '**/{node_modules,.espalier,.git,.venv}/**'),
  };
}
