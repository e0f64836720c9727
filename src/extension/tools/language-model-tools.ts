/** Tools that language models in the editor can call; those that change something ask the user first. */
import path from 'node:path';
import * as vscode from 'vscode';
import { describeRun } from '../../shared/drawing/run-description.ts';
import { startRun } from '../commands/run-recipe.ts';
import type { Run } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { filesOutside, isReadable } from '../workspace/readable-folders.ts';

interface FileInput {
  readonly path: string;
}
interface RecipeInput {
  readonly recipe: string;
  readonly nodes?: readonly string[];
}

export function registerLanguageModelTools(context: vscode.ExtensionContext, services: Services): void {
  context.subscriptions.push(
    vscode.lm.registerTool<FileInput>('espalier_inspect_model', {
      prepareInvocation: async ({ input }) => ({
        invocationMessage: vscode.l10n.t('Inspecting {0}', input.path),
        ...askOutside(services, await resolve(input.path)),
      }),
      async invoke({ input }) {
        const inspection = await services.worker.connection.request('inspect', { path: (await resolve(input.path)).fsPath });
        return text(JSON.stringify({ ...inspection, densities: undefined }));
      },
    }),
    vscode.lm.registerTool<RecipeInput>('espalier_run_recipe', {
      prepareInvocation: async ({ input }) => {
        const message = vscode.l10n.t('Run {0}? It trains on this machine and may take minutes to hours.', input.recipe);
        const outside = await filesOutside(services, await resolve(input.recipe));
        const reads = outside.length === 0 ? [] : [vscode.l10n.t('It reads outside of the workspace: {0}', outside.join(', '))];
        return {
          invocationMessage: vscode.l10n.t('Running {0}', input.recipe),
          confirmationMessages: { title: vscode.l10n.t('Run recipe'), message: [message, ...reads].join('\n\n') },
        };
      },
      async invoke({ input }, token) {
        if (!vscode.workspace.isTrusted) throw new Error('the workspace is not trusted: recipes run only in trusted workspaces');
        const run = startRun(context, services, await resolve(input.recipe), input.nodes === undefined ? {} : { nodes: input.nodes });
        token.onCancellationRequested(() => void services.runs.cancel(run));
        await ended(run);
        return text(describeRun(run.state, run.activity, run.status.notice));
      },
    }),
    vscode.lm.registerTool<RecipeInput>('espalier_read_results', {
      prepareInvocation: async ({ input }) => ({
        invocationMessage: vscode.l10n.t('Reading the results of {0}', input.recipe),
        ...askOutside(services, await resolve(input.recipe)),
      }),
      async invoke({ input }) {
        await services.runs.refresh();
        const run = services.runs.latestOf(await resolve(input.recipe));
        if (run === undefined) throw new Error(`${input.recipe} has no run; run it with espalier_run_recipe first`);
        await services.runs.load(run);
        return text(describeRun(run.state, run.activity, run.status.notice));
      },
    }),
  );
}

/** A confirmation for a file that no answer of the user covers; in Restricted Mode for every file. */
function askOutside({ state }: Services, file: vscode.Uri): Pick<vscode.PreparedToolInvocation, 'confirmationMessages'> {
  if (isReadable(state, file)) return {};
  return {
    confirmationMessages: {
      title: vscode.l10n.t('Read a file'),
      message: vscode.l10n.t('Read {0}? It lies outside of the workspace, or the workspace is not trusted.', file.fsPath),
    },
  };
}

/** Relative to the folder of the workspace that has it. */
async function resolve(file: string): Promise<vscode.Uri> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const bases = path.isAbsolute(file) ? [''] : folders.map(({ uri }) => uri.fsPath);
  const candidates = bases.map((base) => vscode.Uri.file(path.resolve(base, file)));
  for (const candidate of candidates) {
    const found = await vscode.workspace.fs.stat(candidate).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  throw new Error(`there is no ${file} in the workspace; its folders are ${folders.map(({ uri }) => uri.fsPath).join(', ')}`);
}

function text(value: string): vscode.LanguageModelToolResult {
  return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(value)]);
}

function ended(run: Run): Promise<void> {
  return new Promise((done) => {
    const subscription = run.onDidChangeStatus(() => {
      if (run.active) return;
      subscription.dispose();
      done();
    });
  });
}
