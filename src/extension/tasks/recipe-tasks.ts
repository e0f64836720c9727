import path from 'node:path';
import * as vscode from 'vscode';
import type { RunEvent } from '../../shared/events.ts';
import type { Services } from '../services.ts';
import type { Run } from '../runs/run.ts';
import { confirmFilesOutside } from '../workspace/readable-folders.ts';

const taskType = 'espalier';

interface RecipeTask extends vscode.TaskDefinition {
  readonly recipe: string;
  readonly nodes?: readonly string[];
}

/** Each recipe as a task, so that runs fit tasks.json, with problems in the exit code: 0 done, 3 targets missed, 1 failed. */
export function registerRecipeTasks(context: vscode.ExtensionContext, services: Services): void {
  context.subscriptions.push(
    vscode.tasks.registerTaskProvider(taskType, {
      async provideTasks() {
        return (await services.recipes.files()).flatMap((recipe) => {
          const folder = vscode.workspace.getWorkspaceFolder(recipe);
          return folder === undefined
            ? []
            : [makeTask({ type: taskType, recipe: path.relative(folder.uri.fsPath, recipe.fsPath) }, folder, services)];
        });
      },
      resolveTask(task) {
        const { definition, scope } = task;
        const folder = typeof scope === 'object' ? scope : vscode.workspace.workspaceFolders?.[0];
        return isRecipeTask(definition) && folder !== undefined ? makeTask(definition, folder, services) : undefined;
      },
    }),
  );
}

function isRecipeTask(definition: vscode.TaskDefinition): definition is RecipeTask {
  return definition.type === taskType && typeof definition['recipe'] === 'string';
}

function makeTask(definition: RecipeTask, folder: vscode.WorkspaceFolder, services: Services): vscode.Task {
  const recipe = vscode.Uri.file(path.resolve(folder.uri.fsPath, definition.recipe));
  return new vscode.Task(
    definition,
    folder,
    definition.recipe,
    'Espalier',
    new vscode.CustomExecution(() => Promise.resolve(new RunTerminal(services, recipe, definition.nodes))),
  );
}

/** The run as lines of a terminal; closing the terminal cancels it. */
class RunTerminal implements vscode.Pseudoterminal {
  readonly #services: Services;
  readonly #recipe: vscode.Uri;
  readonly #nodes: readonly string[] | undefined;
  readonly #written = new vscode.EventEmitter<string>();
  readonly #closed = new vscode.EventEmitter<number>();
  #run: Run | undefined;

  readonly onDidWrite = this.#written.event;
  readonly onDidClose = this.#closed.event;

  constructor(services: Services, recipe: vscode.Uri, nodes: readonly string[] | undefined) {
    this.#services = services;
    this.#recipe = recipe;
    this.#nodes = nodes;
  }

  open(): void {
    if (!vscode.workspace.isTrusted) {
      this.#write(vscode.l10n.t('Running, converting and evaluating need a trusted workspace. Inspecting models works without.'));
      this.#closed.fire(1);
      return;
    }
    confirmFilesOutside(this.#services, this.#recipe).then(
      () => this.#start(),
      () => this.#closed.fire(1),
    );
  }

  #start(): void {
    const run = this.#services.runs.start(this.#recipe, this.#nodes === undefined ? {} : { nodes: this.#nodes });
    this.#run = run;
    run.onDidAppend((events) => {
      for (const event of events) {
        const line = describeEvent(event);
        if (line !== undefined) this.#write(line);
      }
    });
    run.onDidChangeStatus(() => {
      const { activity, notice } = run.status;
      if (notice !== undefined) this.#write(notice);
      if (activity === 'ended' || activity === 'interrupted') this.#closed.fire(exitCode(run));
    });
  }

  close(): void {
    if (this.#run?.active === true) void this.#services.runs.cancel(this.#run);
  }

  #write(line: string): void {
    this.#written.fire(`${line.replace(/\r?\n/g, '\r\n')}\r\n`);
  }
}

function exitCode(run: Run): number {
  switch (run.state.outcome) {
    case 'done':
      return 0;
    case 'targets-missed':
      return 3;
    case 'failed':
    case 'cancelled':
    case undefined:
      return 1;
  }
}

/** Undefined for events that are not worth a line. */
function describeEvent(event: RunEvent): string | undefined {
  switch (event.type) {
    case 'run-started':
      return `${event.engine} · ${event.runtime} · ${event.machine}`;
    case 'node-queued':
      return `${event.model}: ${event.node} ${vscode.l10n.t('queued as job {0}', event.job)}`;
    case 'node-started':
      return `${event.model}: ${event.node} …`;
    case 'node-finished':
      return `${event.model}: ${event.node} ${event.cached ? vscode.l10n.t('done before') : vscode.l10n.t('done')}`;
    case 'node-failed':
      return `${event.model}: ${event.node} ${vscode.l10n.t('failed')}: ${event.message}`;
    case 'node-skipped':
      return `${event.model}: ${event.node} ${vscode.l10n.t('skipped')}: ${event.reason}`;
    case 'log':
      return event.message;
    case 'run-finished':
      return event.reason;
    case 'run-resumed':
    case 'tree-grown':
    case 'node-progress':
      return undefined;
  }
}
