import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { chooseRun } from './command-targets.ts';
import { registerCommand, requireTrust } from './register-command.ts';

/** How long a cancelled run may take to end before the user is offered to end the process. */
const patienceMilliseconds = 5_000;

export function registerCancelAndResume(context: vscode.ExtensionContext, services: Services): void {
  registerCommand(context, services, 'espalier.cancel', async (argument) => {
    const run = await chooseRun(argument, services, (candidate) => candidate.active, vscode.l10n.t('No run is going on.'));
    const impatient = setTimeout(() => void offerToEndProcess(services), patienceMilliseconds);
    try {
      await services.runs.cancel(run);
    } finally {
      clearTimeout(impatient);
    }
  });
  registerCommand(context, services, 'espalier.resume', async (argument) => {
    await requireTrust();
    const run = await chooseRun(
      argument,
      services,
      (candidate) => candidate.activity === 'interrupted',
      vscode.l10n.t('There is no interrupted run to resume.'),
    );
    services.panels.show(run);
    services.runs.resume(run);
  });
}

async function offerToEndProcess(services: Services): Promise<void> {
  const end = vscode.l10n.t('End Process');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('The run has not ended yet. Its process can be ended; finished nodes are kept.'),
    end,
  );
  const { processId } = services.worker;
  if (answer === end && processId !== undefined) process.kill(processId, 'SIGKILL');
}
