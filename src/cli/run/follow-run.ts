import path from 'node:path';
import { EspalierError, isEspalierError } from '../../core/errors.ts';
import type { RunEvent, RunFinished } from '../../shared/events.ts';
import type { RunHandle } from '../../shared/protocol.ts';
import { onInterrupt } from '../interrupt.ts';
import { CommandFailure, exitCodes } from '../program.ts';
import type { Terminal } from '../terminal.ts';
import { startWorker } from '../worker-client.ts';
import type { WorkerClient } from '../worker-client.ts';
import { resumeName } from './resumable-run.ts';
import { terminalTable } from './result-table.ts';
import { RunView } from './run-view.ts';

export const TARGETS_MISSED = 3;

/**
 * Runs in a child process until the end, shows it, and turns the outcome into the exit code.
 *
 * @param earlier events of a run that is resumed
 */
export async function followRun(
  begin: (worker: WorkerClient) => Promise<RunHandle>,
  terminal: Terminal,
  json: boolean,
  earlier: readonly RunEvent[] = [],
): Promise<RunHandle> {
  const worker = startWorker();
  const view = new RunView(terminal, earlier);
  let handle: RunHandle | undefined;
  let cancelled = false;
  const cancel = (): void => {
    cancelled = true;
    if (handle !== undefined) void worker.handler.request('cancelRun', { runId: handle.runId }).catch(() => undefined);
  };
  let last: RunEvent | undefined;
  const crashed = worker.crashed.catch((error: unknown) => {
    throw withLastEvent(error, last);
  });
  // The process may crash after the run has ended.
  crashed.catch(() => undefined);
  const finished = new Promise<RunFinished>((resolve) => {
    worker.handler.on('run', ({ event }: { readonly event: RunEvent }) => {
      last = event;
      if (json) terminal.print(JSON.stringify(event));
      else view.update(event);
      if (event.type === 'run-finished') resolve(event);
    });
  });
  const release = onInterrupt(cancel, () => worker.kill());
  try {
    handle = await Promise.race([begin(worker), crashed]);
    if (cancelled) cancel();
    const { outcome, reason } = await Promise.race([finished, crashed]);
    if (!json) printResults(view, handle, reason, terminal);
    if (outcome === 'cancelled')
      throw new CommandFailure(`cancelled; go on with: espalier run --resume ${resumeName(handle, path.resolve())}`, exitCodes.failed);
    if (outcome === 'failed') throw new CommandFailure(`failed: ${reason}`, exitCodes.failed);
    if (outcome === 'targets-missed') throw new CommandFailure(`targets missed: ${reason}`, TARGETS_MISSED);
    return handle;
  } finally {
    release();
    worker.stop();
  }
}

/** Adds the last event to the error of a crash. */
function withLastEvent(error: unknown, last: RunEvent | undefined): unknown {
  if (!isEspalierError(error) || last === undefined) return error;
  const node = 'node' in last && last.node !== undefined ? ` of "${last.node}"` : '';
  const phase = last.type === 'node-progress' ? ` (${last.phase}, ${Math.floor(last.fraction * 100)}%)` : '';
  return new EspalierError(error.code, `${error.message}; the last event was ${last.type}${node}${phase}`, { cause: error });
}

function printResults(view: RunView, { runFolder }: RunHandle, reason: string, terminal: Terminal): void {
  for (const model of view.state.models) {
    if (view.state.models.length > 1) terminal.print(`\n${model.model}`);
    terminal.print(terminalTable(model));
  }
  terminal.print(`\n${view.state.engine}; ${view.state.runtime}; ${view.state.machine}`);
  if (reason !== '') terminal.print(reason);
  terminal.print(`run folder: ${runFolder}`);
}
