import * as vscode from 'vscode';
import { RemoteError } from '../../shared/message-handler.ts';
import type { Services } from '../services.ts';

/** Registers a command whose errors are shown, with a button that opens the log. */
export function registerCommand(
  context: vscode.ExtensionContext,
  services: Services,
  id: string,
  handler: (argument: unknown, others: unknown) => Promise<unknown>,
): void {
  context.subscriptions.push(
    vscode.commands.registerCommand(id, async (argument: unknown, others: unknown) => {
      try {
        return await handler(argument, others);
      } catch (error) {
        if (isCancellation(error)) return undefined;
        services.log.error(
          error instanceof RemoteError ? (error.remoteStack ?? error.message) : error instanceof Error ? error : String(error),
        );
        void report(error, services);
        return undefined;
      }
    }),
  );
}

async function report(error: unknown, services: Services): Promise<void> {
  const remedy = error instanceof UserError ? error.remedy : undefined;
  const show = vscode.l10n.t('Show Log');
  const message = error instanceof Error ? error.message : String(error);
  const answer = await vscode.window.showErrorMessage(message, ...(remedy === undefined ? [] : [remedy.title]), show);
  if (answer === show) services.log.show();
  else if (answer !== undefined && remedy !== undefined) await vscode.commands.executeCommand(remedy.command);
}

/** The user cancelled: there is nothing to report. */
function isCancellation(error: unknown): boolean {
  return error instanceof vscode.CancellationError || (error instanceof RemoteError && error.code === 'cancelled');
}

/** An error whose message is shown to the user unchanged, with an optional command that corrects it. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly remedy: { readonly title: string; readonly command: string } | undefined;

  constructor(message: string, remedy?: UserError['remedy']) {
    super(message);
    this.remedy = remedy;
  }
}

/** Running a recipe needs a trusted workspace; looking at it does not. */
export async function requireTrust(): Promise<void> {
  if (vscode.workspace.isTrusted) return;
  throw new UserError(vscode.l10n.t('Running, converting and evaluating need a trusted workspace. Inspecting models works without.'), {
    title: vscode.l10n.t('Manage Workspace Trust'),
    command: 'workbench.trust.manage',
  });
}

/** Shows a notification while work runs; its Cancel button cancels the request in the worker. */
export function withProgress<Result>(
  title: string,
  task: (options: {
    readonly signal: AbortSignal;
    readonly onProgress: (progress: { readonly phase: string; readonly fraction: number }) => void;
  }) => Promise<Result>,
): Thenable<Result> {
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, (progress, token) => {
    const controller = new AbortController();
    token.onCancellationRequested(() => controller.abort());
    let reported = 0;
    return task({
      signal: controller.signal,
      onProgress: ({ phase, fraction }) => {
        progress.report({ message: phase, increment: Math.max(0, fraction - reported) * 100 });
        reported = Math.max(reported, fraction);
      },
    });
  });
}
