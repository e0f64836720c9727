import * as vscode from 'vscode';
import { isSlurmOptions } from '../shared/recipe/execution.ts';
import type { ExecutionChoice, SlurmOptions } from '../shared/recipe/execution.ts';

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
  /** Where the recipe does not say; undefined: on this machine, unless it is a login node. */
  readonly executor: ExecutionChoice['kind'] | undefined;
  /** Where the recipe does not say; undefined where the setting is not what its schema allows. */
  readonly slurm: SlurmOptions | undefined;
  readonly exclude: string;
}

export function readSettings(): Settings {
  const settings = vscode.workspace.getConfiguration('espalier');
  const executor = settings.get<string>('executor', 'automatic');
  // The editor gives objects as proxies, which no message to another process can hold.
  const slurm: unknown = JSON.parse(JSON.stringify(settings.get<unknown>('slurm', {})));
  return {
    executor: executor === 'local' || executor === 'slurm' ? executor : undefined,
    slurm: isSlurmOptions(slurm) ? slurm : undefined,
    threads: settings.get('threads', 0),
    lowPriority: settings.get('lowPriority', true),
    memoryLimit: settings.get('memoryLimit', 0),
    openResults: settings.get('openResults', 'always'),
    codeLens: settings.get('codeLens', true),
    treeLook: settings.get('treeLook', 'status'),
    exclude: settings.get('exclude', '**/{node_modules,.espalier,.git,.venv}/**'),
  };
}
